/** Extensions of old pages that iptables has no more, or never had but by a patch: each with what does its work today. */

export interface Retired {
  /** Whose it is or was, as the rest of a sentence. */
  readonly was: string
  /** What does its work today. */
  readonly instead: string
}

const gone = 'was taken out of Linux long ago'
const patch = 'was only ever a patch for old kernels'
const addon = 'is of xtables-addons, not of iptables'
const openwrt = 'is a patch of router firmwares, not of iptables'

const only = 'Linux itself has nothing like it'

function entries(table: Readonly<Record<string, readonly [was: string, instead: string]>>) {
  return new Map(
    Object.entries(table).map(([name, [was, instead]]): [string, Retired] => [name, { was, instead }]),
  )
}

const matches = entries({
  account: [patch, '-m nfacct counts packets, -m connbytes what a connection carries'],
  childlevel: [patch, '-m helper tells connections that another one expected'],
  condition: [addon, only],
  connrate: [patch, '-m hashlimit limits rates, -m connbytes asks what a connection has carried'],
  dstlimit: ['became hashlimit', '-m hashlimit --hashlimit-mode dstip takes its place'],
  fuzzy: [addon, '-m limit or -m statistic --mode random takes its place'],
  geoip: [addon, "an IP set of the country's networks (ipset, -m set) does the same"],
  gradm: [addon, only],
  iface: [addon, '-i and -o compare names, -m devgroup groups of devices'],
  id: [openwrt, '-m comment can hold the number'],
  ipp2p: [addon, 'what is encrypted is no longer told apart by its bytes'],
  ipv4options: [addon, '-m u32 can look at the options'],
  ippool: ['became IP sets', '-m set takes its place'],
  l2tp: ['is in Linux, but in no release of iptables', '-m u32 can look at the header'],
  layer7: [patch, 'what is encrypted is no longer told apart by its bytes'],
  length2: [addon, '-m length compares the length of the whole packet'],
  lscan: [addon, '-m recent or -m hashlimit can count who knocks at many ports'],
  mport: ['became multiport', '-m multiport takes its place'],
  ndpi: ['is a module of its own, nDPI', only],
  nth: ['became statistic', '-m statistic --mode nth --every N --packet K takes its place'],
  pknock: [addon, '-m recent can do port knocking'],
  pool: ['became IP sets', '-m set takes its place'],
  psd: [addon, '-m recent or -m hashlimit can count who knocks at many ports'],
  quota2: [addon, '-m quota counts down, but starts anew with each change of the table'],
  random: ['became statistic', '-m statistic --mode random --probability P takes its place'],
  'record-rpc': [patch, only],
  rpc: [patch, only],
  timerange: [openwrt, '-m time takes its place'],
  unclean: [gone, '-m conntrack --ctstate INVALID and -m rpfilter are nearest'],
  web: [openwrt, '-m string looks for bytes in a packet'],
  webmon: [openwrt, only],
  webstr: [openwrt, '-m string looks for bytes in a packet'],
})

const targets = entries({
  ACCOUNT: [addon, '-m nfacct counts packets'],
  BALANCE: [
    'was taken out of Linux',
    'DNAT with a range of addresses, or -m statistic in front of several DNAT, takes its place',
  ],
  CHAOS: [addon, 'REJECT and DROP behind -m statistic come near'],
  DELUDE: [addon, 'REJECT answers openly'],
  DHCPMAC: [addon, only],
  DNETMAP: [addon, 'NETMAP maps a network to another one'],
  ECHO: [addon, only],
  FLOWOFFLOAD: [openwrt, 'nftables has flow offload'],
  FTOS: [patch, 'TOS --set-tos takes its place'],
  FULLCONENAT: [openwrt, 'SNAT --persistent keeps the address, nothing opens ports to all'],
  IMQ: [patch, 'an ifb device and tc take its place'],
  IPMARK: [addon, 'MARK with an IP set of skbinfo (SET --map-mark) comes near'],
  IPV4OPTSSTRIP: [patch, only],
  LOGMARK: [addon, 'LOG writes the mark of the packet'],
  MIRROR: [gone, 'it answered with the packet itself; DROP or REJECT takes its place'],
  NETLINK: [patch, 'NFLOG takes its place'],
  POOL: ['became IP sets', 'SET takes its place'],
  PROTO: [addon, only],
  RAWDNAT: [addon, 'DNAT, or DNPT in IPv6, takes its place'],
  RAWSNAT: [addon, 'SNAT, or SNPT in IPv6, takes its place'],
  ROUTE: [patch, 'MARK with ip rule chooses a route, TEE sends a copy'],
  SAME: ['was taken out of Linux', 'SNAT --persistent takes its place'],
  STEAL: [addon, 'DROP takes its place'],
  SYSRQ: [addon, only],
  TARPIT: [addon, 'DROP or REJECT takes its place'],
  XOR: [patch, only],
})

/** What became of a match or target of this name, or null where nothing is known of it. */
export function retired(type: 'match' | 'target', name: string): Retired | null {
  return (type === 'match' ? matches : targets).get(name) ?? null
}
