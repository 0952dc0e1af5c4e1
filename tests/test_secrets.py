"""The mask: what is secret in a text is gone, whatever key or form it has; what tells about it stays."""

from __future__ import annotations

import pytest

from harvdiag.core.secrets import is_secret_key, mask_secrets

HASH = "$6$salt$" + "x" * 40
MASKED = (
    ("token: K10abc", "token: ***"),
    ("token=abc next", "token=*** next"),
    ('"token":"abc def","x":"y"', '"token":"***","x":"y"'),
    (r'msg="{\"token\":\"abc\",\"a\":1}"', r'msg="{\"token\":\"***\",\"a\":1}"'),
    (r'"password":"a\"b","x":1', '"password":"***","x":1'),
    ("password: 'a b'", "password: '***'"),
    ('password: "never closed', 'password: "***'),
    ("CATTLE_TOKEN=abc123", "CATTLE_TOKEN=***"),
    ("agent-token: abc", "agent-token: ***"),
    ("AWS_SECRET_ACCESS_KEY=abc SECRET_KEY=d", "AWS_SECRET_ACCESS_KEY=*** SECRET_KEY=***"),
    ("secretAccessKey: abc passphrase: d", "secretAccessKey: *** passphrase: ***"),
    ("client-key-data: abc, accessKey=d", "client-key-data: ***, accessKey=***"),
    ("identity_token: abc etcd-s3-secret-key: d", "identity_token: *** etcd-s3-secret-key: ***"),
    ("DB_PASS=a userPass: b basic-auth => c", "DB_PASS=*** userPass: *** basic-auth => ***"),
    ("password=a,b;c&d x=1", "password=*** x=1"),
    ("?a=1&token=abc&b=2 (token: abc). {token:abc,n:1}", "?a=1&token=***&b=2 (token: ***). {token:***,n:1}"),
    ("x?token%3Dabc y", "x?token%3D*** y"),
    (r"\nauth: abc\nnext", r"\nauth: ***\nnext"),
    ("run --token abc --server x", "run --token *** --server x"),
    ('["agent","--agent-token","abc","-x"]', '["agent","--agent-token","***","-x"]'),
    ('{"name": "DB_PASSWORD", "value": "a b"}', '{"name": "DB_PASSWORD", "value": "***"}'),
    ("{Name:TOKEN Value:abc ValueFrom:nil}", "{Name:TOKEN Value:*** ValueFrom:nil}"),
    ("<password>abc</password>", "<password>***</password>"),
    ("Authorization: Bearer abcdefghijk", "Authorization: Bearer ***"),
    ("Authorization: Token abc", "Authorization: Token ***"),
    ("joins with K10" + "ab" * 32 + "::server:xyz end", "joins with *** end"),
    ("x eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJr.c2ln y", "x *** y"),
    ("token-ab1cd:" + "x9" * 27 + " end", "token-ab1cd:*** end"),
    ("curl https://r/v3/import/abc123_c-m-x.yaml", "curl https://r/v3/import/***.yaml"),
    ("https://user:pw@registry/v2", "https://user:***@registry/v2"),
    ("http://user:p@ss/w@proxy:3128", "http://user:***@proxy:3128"),
    ("https://ghp_0123456789abcdefghij@host/x", "https://***@host/x"),
    ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me", "ssh-ed25519 *** me"),
    (r"x -----BEGIN KEY-----\nabc\n-----END KEY----- y", "x *** y"),
    (f"set {HASH} for root", "set *** for root"),
    ("TOKEN: Abc; PassWord = x", "TOKEN: ***; PassWord = ***"),
)
KEPT = (
    "[K8s] updated plan secret fleet-local/custom-1-machine-plan with feedback",
    "the token that was given is refused",
    "dataSecretName: custom-1 tokenTTL: 5 --client-key-file=/x author: me bypass: on",
    'failed to list *v1.Secret: Get "https://10.0.0.1:443/x": failed to list secrets: refused',
    "token: null automountServiceAccountToken: false",
    "http://srv09:8080/mail@x https://[fd00::1]:6443/x@y ssh://git@host",
)


@pytest.mark.parametrize(("line", "shown"), [*MASKED, *((line, line) for line in KEPT)])
def test_secrets_are_masked(line: str, shown: str) -> None:
    assert mask_secrets(line) == shown
    assert mask_secrets(shown) == shown


@pytest.mark.parametrize("run", ["a", "token.", "--", "a--", "://a:", "token\\\\", 'token:"', "name: x value: ", "K10"])
def test_a_line_of_one_long_word_is_masked_at_once(run: str) -> None:
    """Base64, progress bars: the time grows with the length, not with its square. Else this test would last hours."""
    assert mask_secrets(f"{run * (65536 // len(run))} token=abc").endswith("token=***")


def test_keys_of_credentials_are_told_by_their_words() -> None:
    held = "SMTP_PASS etcd-s3-access-key tls.key bindPw HTTP_AUTH passwordHash ssh_key userData registry-credentials"
    about = "tokenExpiry secretRef authority compass key data publicKeyFile OAUTH2 metadata"
    assert [key for key in held.split() if not is_secret_key(key)] == []
    assert [key for key in about.split() if is_secret_key(key)] == []
