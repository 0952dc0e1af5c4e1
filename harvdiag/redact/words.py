"""Words that stand in any text about a cluster, and the top-level domains that names in a text may end with."""

from __future__ import annotations

__all__ = ["ORDINARY", "TOP_DOMAINS"]

ORDINARY = """\
path sub noreply postmaster sales obj vol img dom sub ns net word label source redacted
a about access account active add addon addons address addresses admin affinity after agent alert all alpha amd64 an
and annotation annotations any api apis app apps application apply arch are arg args arm64 as at attach attached
attempt audit auth auto available b backend backup backups balancer bare base be before beta bin block boot bootstrap
bridge bucket build builder bundle bundles by c ca cache calico canal cancel capacity cattle cdi cert certificate
change chart charts check checks class client cloud cluster clusters cni code collector command complete completed
component compute condition conditions config configmap configs configuration connect container containers content
control controller controllers copy core coredns cpu create created cron csi current custom d daemon daemonset
dashboard data database date db debug default delete deleted demo deploy deployment dev device devices dir disable
disabled discovery disk disks dns docker domain down drain driver e edge empty enable enabled end endpoint endpoints
engine engines env environment error errors etcd event events example exec exit export expose external f failed false
fast file files filesystem filter finalizer finalizers first flannel fleet folder for from front frontend full g
gateway general generic get git global go grafana group groups guest h ha handler hard harvester has hash head health
healthy helm high home hook host hostname hosts http https i id idle image images import in inactive info infra
ingress init instance interface internal io ip ipam is iso it item items j job jobs joined journal json k k3s key keys
kind kube kubelet kubernetes kubevirt l lab label labels large last latest leader left level lib linux list live load
loadbalancer local lock log logging logs long longhorn low m machine machines main maintenance manage managed manager
management map master me member members memory message metadata metrics mgmt migration mode model monitor monitoring
mount my n name names namespace namespaces network networks new next nfs nginx nic no node nodes none not null number
o object objects of off ok old on one open operator or original os other out owner p package parent part password
patch path pause paused pending persistent phase ping plan plans plugin pod pods policy pool port pre pre-drain post
prepare priority private prober prod production progress project prometheus protocol provider provisioner proxy public
pvc q qa queue quota r rancher ready reason reboot redis ref reference region register registry release remote replica
replicas repo report request requests reserved resource resources restart restore result retry rke rke2 role roles
rolling root route router rule rules run running runtime s sandbox schedule scheduler schema scope script secret
secrets security select selector self server servers service services session set setting settings shared shell size
small snapshot snapshots snat source spare spec ssd ssh stable stage staging standard start started state stateful
static status stop storage string succeeded support switch sync system t table tag taint taints target task team
template temp test tests time timeout tls tmp to token tool tools top total traefik true type u uid unknown up update
updated upgrade upgrades uri url us use used user username users v v1 v2 v3 value values version versions vip virt
virtual vlan vm vms volume volumes w wait web webhook whereabouts witness with work worker workers workload write x y
yaml yes you z zone controlplane compute
"""
"""Words of the API, of system components, and of plain English: where one is a host's name, only its place tells."""
TOP_DOMAINS = """\
com net org edu gov mil int info biz eu io dev cloud online site tech shop bank local lan corp internal intra intranet
intern localnet dom ads ad prod arpa ac ae ag am ar at au az ba be bg bo br by ca ch cl cn co cr cz de dk dz ec ee eg
es fi fr ge gr gt hk hn hr hu id ie il in ir is it jo jp ke kr kw kz lb li lk lt lu lv ma md me mk mt mx my ng ni nl
no np nz om pa pe ph pk pt py qa ro ru sa se sg si sk sv th tn tr tw ua uk us uy uz ve vn za test example invalid home
"""
"""Those that neither files nor fields end with, as far as possible."""
