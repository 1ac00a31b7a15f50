/**
 * What stands behind an option when rules are made at random: values that the traffic meets, just meets, or just misses.
 * Options that are not named here take the examples of their kind.
 */
import type { Family } from '../../../../src/ruleset/model.ts'
import { classes } from '../lab.ts'

type Values = readonly string[]
type ByFamily = Readonly<Record<Family, Values>>

const hosts: ByFamily = {
  ipv4: ['10.0.1.2', '10.0.1.3', '10.0.2.2', '10.0.2.3', '10.0.3.2', '10.0.1.1', '10.0.2.1'],
  ipv6: ['fd00:1::2', 'fd00:1::3', 'fd00:2::2', 'fd00:2::3', 'fd00:3::2', 'fd00:1::1', 'fd00:2::1'],
}

/** Hosts and networks that the traffic comes from and goes to. */
export const networks: ByFamily = {
  ipv4: [
    ...hosts.ipv4,
    '10.0.1.0/24',
    '10.0.2.0/23',
    '10.0.2.2/31',
    '10.0.0.0/16',
    '10.0.0.2/255.255.0.255',
    '0.0.0.0/0',
    '255.255.255.255',
  ],
  ipv6: [
    ...hosts.ipv6,
    'fd00:1::/64',
    'fd00:2::2/127',
    'fd00::/16',
    'fd00:0:0:0::2/ffff:0:ffff:ffff::ffff',
    '::/0',
  ],
}

const hasHoles = (text: string) => /\/.*[.:]/.test(text)
const wholeNetworks: ByFamily = {
  ipv4: networks.ipv4.filter((text) => !hasHoles(text)),
  ipv6: networks.ipv6.filter((text) => !hasHoles(text)),
}

export const ports: readonly number[] = [22, 80, 81, 443, 1023, 1024, 53, 21, 0, 65_535]
const portRanges: Values = [
  ...ports.map(String),
  '80:81',
  ':1023',
  '1024:',
  '22:443',
  '4000:4010',
  '4005:',
  '81:80',
]
const portLists: Values = ['80', '80,81', '22:80,443', '21,22,53,1023:1024', '4000:4004,4006', '0,65535']
const decimalPorts = portRanges.filter((text) => text !== '81:80')
/** The same in both. */
const both = (values: Values): ByFamily => ({ ipv4: values, ipv6: values })

export const ttls: readonly number[] = [2, 3, 63, 64, 65, 128, 255]
const ttlValues: Values = ['1', '2', '62', '63', '64', '127', '254', '255', '0']
export const tosBytes: readonly number[] = [0, 0x10, 0x08, 0x02, 0xb8, 0x28, 0x03, 0x01, 0xff]
export const payloads: Values = [
  '',
  'x',
  'hello',
  'GET /index HTTP/1.1',
  'abcabcabd',
  'ababababc ABC abd',
  '\u0000ÿ\u0000ÿ\u0001',
]
export const segmentSizes: readonly number[] = [536, 1000, 1299, 1300, 1301, 1460]
export const macs: Values = ['02:00:00:00:03:02', '02:00:00:00:03:03']

const marks: Values = [
  '0',
  '1',
  '2',
  '7',
  '0x10',
  '0xff',
  '0xffffffff',
  '1/1',
  '0x10/0xf0',
  '0/0xff',
  '2/0x1',
]
const bits: Values = ['0', '1', '2', '3', '0xf0', '0xff', '0xffffffff']
const lengths: ByFamily = {
  ipv4: ['20', '28', '29', '33', '40', '41', '45', '28:40', '41:100', ':59', '60:', '0:65535', '100:50'],
  ipv6: ['40', '48', '49', '53', '60', '61', '65', '48:60', '61:120', ':79', '80:', '0:65535', '100:50'],
}
const destinations: ByFamily = {
  ipv4: ['10.0.2.3', '10.0.2.2', '10.0.1.3', '10.0.1.1', '10.0.3.2', '10.0.77.7'],
  ipv6: ['fd00:2::3', 'fd00:2::2', 'fd00:1::3', 'fd00:1::1', 'fd00:3::2', 'fd00:77::7'],
}
const withPort = (family: Family, address: string, port: string) =>
  family === 'ipv4' ? `${address}:${port}` : `[${address}]:${port}`
const translations = (addresses: ByFamily, atPorts: Values): ByFamily => ({
  ipv4: addresses.ipv4.flatMap((one) => [one, ...atPorts.map((port) => withPort('ipv4', one, port))]),
  ipv6: addresses.ipv6.flatMap((one) => [one, ...atPorts.map((port) => withPort('ipv6', one, port))]),
})
const sources: ByFamily = {
  ipv4: ['10.0.2.254', '10.0.2.1', '192.0.2.7', '10.0.1.1'],
  ipv6: ['fd00:2::fe', 'fd00:2::1', '2001:db8::7', 'fd00:1::1'],
}
const ranges: ByFamily = {
  ipv4: [
    '10.0.1.2',
    '10.0.1.0-10.0.1.2',
    '10.0.1.3-10.0.2.2',
    '10.0.2.3-10.0.3.2',
    '0.0.0.0-255.255.255.255',
    '2.2.2.2-1.1.1.1',
  ],
  ipv6: ['fd00:1::2', 'fd00:1::-fd00:1::2', 'fd00:1::3-fd00:2::2', 'fd00:2::3-fd00:3::2', '::-ffff::'],
}
const offsets: Values = ['0', '19', '20', '27', '28', '39', '40', '41', '47', '48', '59', '60', '61', '65535']
const addressTypes: Values = [
  'LOCAL',
  'UNICAST',
  'BROADCAST',
  'MULTICAST',
  'LOCAL,UNICAST',
  'BROADCAST,MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE,PROHIBIT',
  'ANYCAST',
]
const rates: Values = ['1/s', '7/min', '100/hour', '2/day', '60/m', '1/min', '1/hour']
const setReferences: ByFamily = {
  ipv4: ['s4 src', 's4 dst', 'n4 src', 'n4 dst', 'p4 dst,dst', 'p4 src,src', 's4 dst,src', 'b4 dst'],
  ipv6: ['s6 src', 's6 dst', 'n6 src', 'n6 dst', 'p6 dst,dst', 'p6 src,src', 's6 dst,src'],
}
const counts: Values = ['0', '1', '2', '3', '5']

/** By `type name.key`. */
export const values: Readonly<Record<string, ByFamily>> = {
  'match addrtype.srcType': both(addressTypes),
  'match addrtype.dstType': both(addressTypes),
  'match comment.comment': both(['"two words"', 'a']),
  'match connbytes.range': both(['0:', '1:2', '2', '2:', ':3', '40:100', '60:', '0:18446744073709551615']),
  'match connlimit.above': both(counts),
  'match connlimit.upto': both(counts),
  'match connlimit.mask': { ipv4: ['0', '24', '32', '31'], ipv6: ['0', '64', '128', '127'] },
  'match connmark.mark': both(marks),
  'match conntrack.ctstate': both([
    'NEW',
    'ESTABLISHED',
    'RELATED,ESTABLISHED',
    'INVALID',
    'UNTRACKED',
    'DNAT',
    'SNAT',
    'NEW,INVALID,UNTRACKED',
    'NEW,SNAT',
    'INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED,SNAT,DNAT',
  ]),
  'match conntrack.ctproto': both(['tcp', '17', '1', '58', '132', '255']),
  // iptables 1.8.9 takes a mask with holes for none at all here.
  'match conntrack.ctorigsrc': wholeNetworks,
  'match conntrack.ctorigdst': wholeNetworks,
  'match conntrack.ctreplsrc': wholeNetworks,
  'match conntrack.ctrepldst': wholeNetworks,
  'match conntrack.ctorigsrcport': both(decimalPorts),
  'match conntrack.ctorigdstport': both(decimalPorts),
  'match conntrack.ctreplsrcport': both(decimalPorts),
  'match conntrack.ctrepldstport': both(decimalPorts),
  'match conntrack.ctstatus': both([
    'SEEN_REPLY',
    'ASSURED',
    'CONFIRMED',
    'NONE',
    'EXPECTED',
    'SEEN_REPLY,CONFIRMED',
    'EXPECTED,ASSURED',
  ]),
  // Whole seconds of lifetimes in use (10, 30, 60, 120, 300, 432,000), never at their edges.
  'match conntrack.ctexpire': both([
    '0:5',
    '5:20',
    '20:40',
    '40:100',
    '100:200',
    '200:',
    '1000:',
    '0:4294967295',
  ]),
  'match dscp.dscp': both(['0', '4', '0x2e', '10', '63']),
  'match dscp.class': both(['EF', 'AF11', 'CS0', 'BE']),
  // Rules that name the same estimate must agree.
  'target RATEEST.interval': both(['1s']),
  'target RATEEST.average': both(['4s']),
  'match hashlimit.above': both([...rates, '1kb/s', '10kb/s']),
  'match hashlimit.upto': both([...rates, '1kb/s', '10kb/s']),
  'match hashlimit.burst': both(['1', '2', '3', '5', '2kb']),
  'match hashlimit.mode': both(['srcip', 'dstip', 'srcip,dstip', 'srcip,srcport,dstip,dstport', 'dstport']),
  'match hashlimit.name': both(['h1', 'h2', 'h3']),
  'match hashlimit.size': both(['0', '16']),
  'match hashlimit.max': both(['1', '2', '64']),
  'match hashlimit.gcinterval': both(['60000', '4294967']),
  'match hashlimit.expire': both(['60000', '400000']),
  'match hashlimit.srcmask': { ipv4: ['0', '24', '32'], ipv6: ['0', '64', '128'] },
  'match hashlimit.dstmask': { ipv4: ['0', '24', '32'], ipv6: ['0', '64', '128'] },
  'match hashlimit.rateInterval': both(['60', '1000']),
  'match helper.helper': both(['""', 'ftp', 'ftp-21', 'tftp']),
  'match hl.eq': both(ttlValues),
  'match hl.lt': both(ttlValues),
  'match hl.gt': both(ttlValues),
  'match icmp.type': both(['echo-request', 'echo-reply', '3', '3/3', '11', 'any', '8/0', '8/1', '255/0']),
  'match icmp6.type': both(['echo-request', 'echo-reply', '1', '1/4', '3', '128/0', '128/1', '255']),
  'match iprange.src': ranges,
  'match iprange.dst': ranges,
  'match length.length': lengths,
  'match limit.limit': both(rates),
  'match limit.burst': both(counts),
  'match mac.source': both([...macs, 'ff:ff:ff:ff:ff:ff']),
  'match mark.mark': both(marks),
  'match multiport.sports': both(portLists),
  'match multiport.dports': both(portLists),
  'match multiport.ports': both(portLists),
  'match quota.quota': both(['0', '28', '60', '100', '500', '18446744073709551615']),
  'match recent.seconds': both(['60', '1000']),
  'match recent.hitcount': both(['1', '2', '3', '5', '20']),
  'match recent.name': both(['r1', 'r2']),
  'match recent.mask': {
    ipv4: ['255.255.255.0', '255.255.255.254'],
    ipv6: ['ffff:ffff::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe'],
  },
  'match sctp.sport': both(portRanges),
  'match sctp.dport': both(portRanges),
  'match set.set': setReferences,
  'match set.packetsEq': both(counts),
  'match statistic.every': both(['1', '2', '3', '5']),
  'match statistic.packet': both(['0', '1', '2', '4']),
  'match string.pattern': both(['GET', 'abc', 'abd', '"GET /"', 'INDEX', 'x', 'ababc']),
  'match string.hex': both(['"|00c3bf|"', '"GET|20|"', '"|61|bc"', '"|4500|"']),
  'match string.from': both(offsets),
  'match string.to': both(offsets),
  'match tcp.sport': both(portRanges),
  'match tcp.dport': both(portRanges),
  'match tcp.tcpOption': both(['2', '3', '4', '1', '8', '255']),
  'match tcpmss.mss': both(['1300', '1299:1301', '0:1299', '1301:', '1460', '536']),
  'match time.weekdays': both(['1', '1,2,7', '1,2,3,4,5,6,7']),
  'match tos.tos': both([
    '0',
    '0x10/0x3f',
    '0x10',
    'Minimize-Delay',
    'normal-service',
    '0xb8/0xfc',
    '7/0',
    '0/0',
  ]),
  'match ttl.eq': both(ttlValues),
  'match ttl.lt': both(ttlValues),
  'match ttl.gt': both(ttlValues),
  'match u32.u32': {
    ipv4: [
      '"6&0xFF=6"',
      '"6&0xFF=17"',
      '"0&0xFFFF=28:40"',
      '"0>>22&0x3C@0&0xFFFF=80,443"',
      '"0>>22&0x3C@0>>16=4000:4005"',
      '"4&0x1FFF=0&&8>>24=63,64"',
      '"12=0x0a000102"',
      '"0>>22&0x3C@12>>26&0x3C@0=0x47455420"',
      '"4000=0"',
      '"0>>28=4"',
    ],
    ipv6: [
      '"3&0xFF=0x14:0x30"',
      '"4>>8&0xFF=6"',
      '"4>>8&0xFF=17"',
      '"40>>16=4000:4005"',
      '"40&0xFFFF=80,443"',
      '"4&0xFF=63,64"',
      '"20=2"',
      '"4000=0"',
      '"0>>28=6"',
    ],
  },
  'match udp.sport': both(decimalPorts),
  'match udp.dport': both(decimalPorts),
  'target CLASSIFY.class': both(classes.map(({ text }) => text)),
  'target CONNMARK.xmark': both(marks),
  'target CONNMARK.nfmask': both(bits),
  'target CONNMARK.ctmask': both(bits),
  'target CONNMARK.setMark': both(marks),
  'target CONNMARK.andMark': both(bits),
  'target CONNMARK.orMark': both(bits),
  'target CONNMARK.xorMark': both(bits),
  'target CONNMARK.mask': both(bits),
  'target CT.zone': both(['0', '1', '65535', 'mark']),
  'target DNAT.to': translations(destinations, ['80', '81', '8080']),
  'target DSCP.set': both(['0', '4', '0x2e', '63']),
  'target HL.set': both(ttlValues),
  'target HL.decrement': both(['1', '2', '63', '255']),
  'target HL.increment': both(['1', '2', '191', '255']),
  'target LOG.prefix': both(['a']),
  'target MARK.xmark': both(marks),
  'target MARK.setMark': both(marks),
  'target MARK.andMark': both(bits),
  'target MARK.orMark': both(bits),
  'target MARK.xorMark': both(bits),
  'target MASQUERADE.ports': both(['5000', '80']),
  'target NETMAP.to': {
    ipv4: ['10.0.5.0/24', '10.0.0.0/16', '10.0.2.3'],
    ipv6: ['fd00:5::/64', 'fd00:2::3'],
  },
  'target NFQUEUE.num': both(['0', '1', '0x3', '7']),
  'target NFQUEUE.balance': both(['0:1', '1:7', ':7']),
  'target NFLOG.prefix': both(['"two words"', 'a']),
  'target NFLOG.group': both(['0', '1', '2', '3', '4', '5']),
  'target REDIRECT.ports': both(['80', '5000']),
  'target SET.add': setReferences,
  'target SET.delete': setReferences,
  'target SNAT.to': translations(sources, ['5000', '80']),
  'target TCPMSS.mss': both(['500', '536', '1000', '1299', '1300', '1400']),
  'target TOS.set': both(['0', '0x10', '0xff/0x0f', '0x10/0xf0', 'minimize-delay', 'Normal-Service', '1/0']),
  'target TOS.and': both(['0', '0xf0', '255']),
  'target TOS.or': both(['0', '1', '0xff']),
  'target TOS.xor': both(['0', '0x11', '255']),
  'target TTL.set': both(ttlValues),
  'target TTL.decrement': both(['1', '2', '63', '255']),
  'target TTL.increment': both(['1', '2', '191', '255']),
}
