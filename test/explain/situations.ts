/** Captures of the situations that `explain` and the findings of `replay` tell apart, each with the calls that are approved. */
import { DIRECTION_INCOMING } from '../../src/packet/packet.ts'
import { CLIENT, SERVER, Story } from '../captures/story.ts'

export interface Situation {
  /** Files by name. */
  readonly files: Readonly<Record<string, Uint8Array | string>>
  /** Words behind `sallyport`. */
  readonly calls: readonly (readonly string[])[]
}

/** A host of which every rule counts: what is not known is logged and dropped, and a NEW connection has to begin with a SYN. */
const STRICT = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:refuse - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p icmp -m icmp --icmp-type 8 -m limit --limit 5/sec -j ACCEPT
-A INPUT -s 203.0.113.0/24 -j DROP
-A INPUT -p udp -m udp --dport 67 -j DROP
-A INPUT -p tcp -m tcp --dport 113 -j REJECT --reject-with tcp-reset
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT
-A INPUT -p tcp -m multiport --dports 21,25,80,443 -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT
-A INPUT -j refuse
-A refuse -m limit --limit 10/min -j LOG --log-prefix "refused: "
-A refuse -j DROP
COMMIT
`

/** Of a machine with containers, as Docker writes it, shortened: nobody drops INVALID. */
const CONTAINERS = `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
COMMIT
`

/** Forty ports one by one, as scripts write them. */
const LONG = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
${Array.from({ length: 40 }, (_, index) => `-A INPUT -s 10.0.${index}.0/24 -p tcp -m tcp --dport ${8000 + index} -j ACCEPT`).join('\n')}
-A INPUT -p udp -m udp --dport 53 -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
`

const strict = ['-r', 'strict.v4', '--local', `eth0=${SERVER}/24`]

function told(
  name: string,
  story: Story,
  calls: readonly (readonly string[])[],
  files: Situation['files'] = { 'strict.v4': STRICT },
): Situation {
  const file = `${name}.pcapng`
  return {
    files: { ...files, [file]: story.file() },
    calls: calls.map(([command, ...words]) => [command!, file, ...words]),
  }
}

/** The server resets; 13.2 s later the browser closes what it holds for an idle connection. */
function afterReset(): Situation {
  const story = new Story()
  const web = story.tcp(40_000, 80)
  web.open(1000, 5000)
  web.out('PA', 1001, 5001, { length: 400 })
  web.back('A', 5001, 1401)
  web.back('PA', 5001, 1401, { length: 1200 })
  web.out('A', 1401, 6201)
  web.back('RA', 6201, 1401)
  story.until(13.27)
  web.out('FA', 1401, 6201)
  story.wait(0.4)
  web.out('FA', 1401, 6201)
  return told('reset', story, [
    ['explain', ...strict, '--packet', '9'],
    ['explain', '-n', '10'],
    ['replay', ...strict],
  ])
}

/** An SSH session is left alone for longer than five days; both ends go on. */
function idleSession(): Situation {
  const story = new Story()
  const ssh = story.tcp(40_000, 22)
  ssh.open(1000, 5000)
  ssh.out('PA', 1001, 5001, { length: 48 })
  ssh.back('A', 5001, 1049)
  story.wait(5 * 86_400 + 61)
  ssh.out('PA', 1049, 5001, { length: 36 })
  story.wait(0.3)
  ssh.out('PA', 1049, 5001, { length: 36 })
  return told('idle', story, [
    ['explain', ...strict, '--packet', '6'],
    ['explain', '--packet', '6'],
    ['replay', ...strict],
  ])
}

/** A box on the way hides the window scale: the server sends more than the tracker thinks that it may. */
function outOfWindow(): Situation {
  const story = new Story()
  const mail = story.tcp(40_001, 25)
  mail.open(1000, 5000, { window: 500 })
  for (let sent = 0; sent < 4; sent++) mail.out('PA', 1001 + sent * 900, 5001, { length: 900 })
  story.wait(1)
  for (let again = 0; again < 6; again++) {
    mail.out('PA', 2801, 5001, { length: 900 })
    story.wait(2 ** again)
  }
  return told('window', story, [
    ['explain', ...strict, '--packet', '6'],
    ['replay', ...strict],
  ])
}

/** A container downloads; a segment of the server is out of window, and so not translated back. */
function container(): Situation {
  const story = new Story([
    { name: 'docker0', linkType: 1 },
    { name: 'eth0', linkType: 1 },
  ])
  const inside = { interface: 0, direction: DIRECTION_INCOMING }
  const outside = { interface: 1, direction: DIRECTION_INCOMING }
  const own = '203.0.113.5'
  const page = '198.51.100.180'
  const flow = story.tcp(40_000, 443, { client: '172.17.0.2', server: page })
  const answer = story.tcp(40_000, 443, { client: own, server: page })
  flow.out('S', 1000, 0, { frame: inside })
  answer.back('SA', 5000, 1001, { frame: outside })
  flow.out('A', 1001, 5001, { frame: inside, window: 1000 })
  flow.out('PA', 1001, 5001, { length: 200, frame: inside, window: 1000 })
  answer.back('A', 5001, 1201, { length: 900, frame: outside })
  answer.back('A', 70_000, 1201, { length: 900, frame: outside })
  flow.out('A', 1201, 5901, { frame: inside })
  flow.out('A', 1201, 90_000, { frame: inside })
  const words = [
    ...['-r', 'containers.v4', '--captured', 'wire', '--route', 'default=eth0'],
    ...['--local', 'docker0=172.17.0.1/16', '--local', `eth0=${own}/24`],
  ]
  return told(
    'container',
    story,
    [
      ['explain', ...words, '--packet', '6'],
      ['explain', ...words, '--packet', '8'],
      ['replay', ...words],
    ],
    { 'containers.v4': CONTAINERS },
  )
}

/** The server's packets take another way. */
function oneSided(): Situation {
  const story = new Story()
  const web = story.tcp(40_000, 80)
  web.out('S', 1000)
  web.out('A', 1001, 5001)
  web.out('PA', 1001, 5001, { length: 100 })
  const other = story.tcp(40_001, 443)
  other.back('SA', 5000, 1001)
  other.back('A', 5001, 1101)
  other.back('PA', 5001, 1101, { length: 700 })
  return told('sided', story, [
    ['explain', ...strict, '--packet', '3'],
    ['explain', '--packet', '4'],
    ['replay'],
  ])
}

/** The SYN+ACK was captured, or came, ahead of its SYN. */
function handshakeOrder(): Situation {
  const story = new Story()
  const web = story.tcp(40_000, 80)
  web.back('SA', 5000, 1001)
  web.out('S', 1000)
  web.out('A', 1001, 5001)
  web.out('PA', 1001, 5001, { length: 100 })
  web.back('A', 5001, 1101)
  web.back('PA', 5001, 1101, { length: 700 })
  web.out('A', 1101, 5701)
  const dropping = STRICT.replace('-A INPUT -i lo', '-A INPUT -m conntrack --ctstate INVALID -j DROP\n$&')
  return told(
    'order',
    story,
    [
      ['explain', '--flow', 'tcp'],
      ['explain', '--packet', '1'],
      ['explain', '-r', 'dropping.v4', '--local', `eth0=${SERVER}/24`, '--packet', '4'],
      ['replay'],
    ],
    { 'dropping.v4': dropping },
  )
}

/** A port is used again: after an orderly close, and in a connection that only the client forgot. */
function portReuse(): Situation {
  const story = new Story()
  const first = story.tcp(40_000, 80)
  first.open(1000, 5000)
  first.out('FA', 1001, 5001)
  first.back('FA', 5001, 1002)
  first.out('A', 1002, 5002)
  story.wait(20)
  first.out('S', 900_000)
  first.back('SA', 700_000, 900_001)
  first.out('A', 900_001, 700_001)
  story.wait(3)
  first.out('S', 4_000_000)
  first.back('A', 700_001, 900_001)
  first.out('R', 900_001)
  first.out('S', 4_000_000)
  return told('reuse', story, [
    ['explain', '--packet', '7'],
    ['explain', '--packet', '10'],
    ['explain', '--packet', '12'],
    ['replay'],
  ])
}

/** A SYN, a SYN+ACK and data that come again, and what their entry's timeout has of it. */
function repeats(): Situation {
  const story = new Story()
  const web = story.tcp(40_000, 80)
  web.out('S', 1000)
  story.wait(1)
  web.out('S', 1000)
  story.wait(2)
  web.back('SA', 5000, 1001, { window: 500 })
  story.wait(1)
  web.back('SA', 5000, 1001, { window: 500 })
  web.out('S', 1000)
  web.out('A', 1001, 5001)
  web.out('PA', 1001, 5001, { length: 400 })
  for (let times = 0; times < 4; times++) {
    story.wait(2 ** times)
    web.out('PA', 1001, 5001, { length: 400 })
  }
  web.back('A', 5001, 1401, { window: 500 })
  web.out('PA', 1401, 5001, { length: 500 })
  web.back('A', 5001, 1901, { window: 500 })
  web.out('PA', 1901, 5001, { length: 500 })
  web.back('A', 5001, 2401, { window: 500 })
  story.wait(5)
  web.out('PA', 1001, 5001, { length: 400 })
  return told('repeats', story, [
    ['explain', '--packet', '2'],
    ['explain', '--packet', '4'],
    ['explain', '--packet', '5'],
    ['explain', '--packet', '8'],
    ['explain', ...strict, '--packet', '10'],
    ['explain', ...strict, '--packet', '17'],
    ['replay'],
  ])
}

/** A SYN into what is open here: its receiver asks back (a challenge ACK), or begins anew; one into a close. */
function challenges(): Situation {
  const story = new Story()
  const web = story.tcp(40_000, 80)
  web.open(1000, 5000)
  story.wait(100)
  web.out('S', 900_000)
  web.back('A', 5001, 1001)
  web.out('R', 1001)
  story.wait(1)
  web.out('S', 900_000)
  web.back('SA', 700_000, 900_001)
  web.out('A', 900_001, 700_001)
  story.wait(100)
  web.out('S', 3_000_000)
  web.back('SA', 8_000_000, 3_000_001)
  web.out('A', 3_000_001, 8_000_001)
  web.back('FA', 8_000_001, 3_000_001)
  web.out('A', 3_000_001, 8_000_002)
  web.out('FA', 3_000_001, 8_000_002)
  story.wait(7)
  web.out('S', 5_000_000)
  web.back('A', 8_000_002, 3_000_001)
  return told('challenges', story, [
    ['explain', ...strict, '--packet', '4'],
    ['explain', ...strict, '--packet', '5'],
    ['explain', '--packet', '6'],
    ['explain', '--packet', '11'],
    ['explain', '--packet', '17'],
    ['replay'],
  ])
}

/** An error about a query, a data connection that was announced, and errors that belong to nothing. */
function relatedPackets(): Situation {
  const story = new Story()
  const query = {
    source: SERVER,
    destination: '192.0.2.53',
    udp: { sourcePort: 40_005, destinationPort: 53, payload: new Uint8Array(29) },
  }
  story.send(query)
  const quoted = story.packets[0]!.bytes.subarray(14)
  const error = (type: number, code: number) =>
    story.send({ source: '192.0.2.53', destination: SERVER, icmp: { type, code, payload: quoted } })
  error(3, 3)
  const control = story.tcp(40_010, 21)
  control.open(1000, 5000)
  control.back('PA', 5001, 1001, { payload: '220 ready\r\n' })
  control.out('PA', 1001, 5012, { payload: 'PASV\r\n' })
  control.back('PA', 5012, 1007, { payload: '227 Entering Passive Mode (192,0,2,9,200,10)\r\n' })
  story.tcp(40_011, 200 * 256 + 10).out('S', 9000)
  story.wait(60)
  error(3, 3)
  return told('related', story, [
    ['explain', ...strict, '--packet', '2'],
    ['explain', ...strict, '--helper', 'ftp=tcp/21', '--packet', '9'],
    ['explain', ...strict, '--packet', '10'],
  ])
}

/** Packets that belong to no connection, of all kinds: its beginning was not seen, nothing of it was, or it is over. */
function strays(): Situation {
  const story = new Story()
  const loose = ['--sysctl', 'net.netfilter.nf_conntrack_tcp_loose=0']
  story.tcp(40_000, 22).out('PA', 1000, 5000, { length: 48 })
  story.tcp(40_001, 80).out('FA', 1000, 5000)
  const closed = story.tcp(40_002, 80)
  closed.open(1000, 5000)
  closed.out('FA', 1001, 5001)
  closed.back('FA', 5001, 1002)
  closed.out('A', 1002, 5002)
  const refused = story.tcp(40_003, 113)
  refused.out('S', 1000)
  refused.back('RA', 0, 1001)
  story.wait(0.5)
  refused.out('FA', 1001, 1)
  story.until(125)
  closed.back('FA', 5001, 1002)
  return told('strays', story, [
    ['explain', ...strict, '--packet', '1'],
    ['explain', '--packet', '1'],
    ['explain', ...loose, '--packet', '1'],
    ['explain', ...strict, '--packet', '2'],
    ['explain', '--packet', '11'],
    ['explain', '--packet', '12'],
    ['replay', ...strict],
  ])
}

/** Resets that nobody takes, a SYN from the side that did not open, a wrong checksum, and traffic that is exempt. */
function refusedByTracking(): Situation {
  const story = new Story()
  const mail = story.tcp(40_000, 25)
  mail.open(1000, 5000)
  mail.out('PA', 1001, 5001, { length: 100 })
  mail.back('A', 5001, 1101)
  mail.out('R', 1001)
  mail.back('S', 70_000)
  mail.out('PA', 1101, 5001, { length: 10, checksum: 'bad' })
  const query = { sourcePort: 40_001, destinationPort: 53, payload: new Uint8Array(29) }
  story.send({ source: CLIENT, destination: SERVER, udp: query })
  return told(
    'tracking',
    story,
    [
      ['explain', ...strict, '--packet', '6'],
      ['explain', '--packet', '7'],
      ['explain', '--packet', '8'],
      ['explain', '-r', 'exempt.v4', '--local', `eth0=${SERVER}/24`, '--packet', '9'],
    ],
    {
      'strict.v4': STRICT,
      'exempt.v4': `*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p udp -m udp --dport 53 -j CT --notrack\nCOMMIT\n${STRICT}`,
    },
  )
}

/** A table full of SYNs that nobody answers: one of them makes room. */
function tableWithRoom(): Situation {
  const story = new Story()
  for (let port = 0; port < 4000; port++) story.tcp(10_000 + port, 443).out('S', 1)
  story.tcp(40_010, 80, { client: '10.0.0.77' }).out('S', 1)
  return told('room', story, [
    ['explain', '--sysctl', 'net.netfilter.nf_conntrack_max=4000', '--packet', '4001'],
  ])
}

/** Room for four connections. */
function tableFull(): Situation {
  const story = new Story()
  for (let port = 0; port < 4; port++) story.tcp(40_000 + port, port === 3 ? 443 : 80).open(1000, 5000)
  story.tcp(40_010, 80, { client: '10.0.0.77' }).out('S', 1)
  return told('full', story, [
    ['explain', '--sysctl', 'net.netfilter.nf_conntrack_max=4', '--packet', '13'],
    ['replay', '--sysctl', 'net.netfilter.nf_conntrack_max=4'],
  ])
}

/** An answer that takes longer than its entry lives; a RST that is not exact. */
function late(): Situation {
  const story = new Story()
  const end = { sourcePort: 40_000, destinationPort: 161, payload: new Uint8Array(40) }
  story.send({ source: SERVER, destination: CLIENT, udp: end })
  story.wait(31)
  const answer = { sourcePort: 161, destinationPort: 40_000, payload: new Uint8Array(400) }
  story.send({ source: CLIENT, destination: SERVER, udp: answer })
  const mail = story.tcp(40_001, 25)
  mail.open(1000, 5000)
  mail.back('PA', 5001, 1001, { length: 100 })
  mail.back('R', 5051)
  story.wait(11)
  mail.out('PA', 1001, 5101, { length: 10 })
  return told('late', story, [
    ['explain', ...strict, '--packet', '2'],
    ['explain', ...strict, '--packet', '7'],
    ['explain', ...strict, '--packet', '8'],
    ['replay', ...strict],
  ])
}

/** What the rules refuse, what follows it in the capture, and a long way through rules. */
function refused(): Situation {
  const story = new Story()
  const sql = story.tcp(40_000, 3306)
  sql.open(1000, 5000)
  const ident = story.tcp(40_001, 113)
  ident.out('S', 1000)
  return told(
    'refused',
    story,
    [
      ['explain', ...strict, '--packet', '1'],
      ['explain', ...strict, '--packet', '2'],
      ['explain', ...strict, '--packet', '4'],
      ['explain', '-r', 'long.v4', '--local', `eth0=${SERVER}/24`, '--packet', '1'],
      ['explain', ...strict, '--flow', 'port 3306 or port 113'],
      ['explain', '--flow', 'udp'],
      ['explain', '--packet', '99'],
      ['explain', '-'],
      ['explain'],
      ['explain', '--flow', 'prot 80'],
      ['replay', ...strict],
    ],
    { 'strict.v4': STRICT, 'long.v4': LONG },
  )
}

/** One looks for open ports; many fill a service with SYNs; between them somebody reads a page. */
function attacks(): Situation {
  const story = new Story()
  for (let port = 1; port <= 120; port++) {
    const scan = story.tcp(51_000, port, { client: '198.51.100.7' })
    scan.out('S', 1)
    if (port === 80) {
      scan.back('SA', 5000, 2)
      scan.out('R', 2)
    }
  }
  for (let source = 1; source <= 250; source++)
    story.tcp(1024 + source, 443, { client: `100.64.0.${source}` }).out('S', 1)
  for (let port = 1; port <= 40; port++) story.tcp(52_000, port, { client: '198.51.100.8' }).out('FPU', 1)
  const web = story.tcp(40_000, 80)
  web.open(1000, 5000)
  web.out('FA', 1001, 5001)
  web.back('FA', 5001, 1002)
  web.out('A', 1002, 5002)
  story.wait(125)
  web.back('FA', 5001, 1002)
  return told('attacks', story, [['replay', ...strict], ['replay']])
}

export const SITUATIONS: Readonly<Record<string, Situation>> = {
  'after-reset': afterReset(),
  'idle-session': idleSession(),
  'out-of-window': outOfWindow(),
  container: container(),
  'one-sided': oneSided(),
  'handshake-order': handshakeOrder(),
  'port-reuse': portReuse(),
  repeats: repeats(),
  challenges: challenges(),
  related: relatedPackets(),
  strays: strays(),
  'refused-by-tracking': refusedByTracking(),
  'table-with-room': tableWithRoom(),
  'table-full': tableFull(),
  late: late(),
  refused: refused(),
  attacks: attacks(),
}
