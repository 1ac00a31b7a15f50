import { expect, test } from 'vitest'
import { Outcome } from '../conntrack/outcome.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { LogNote } from '../hook/note.ts'
import { Passage } from '../hook/passage.ts'
import { Interfaces } from '../host/interfaces.ts'
import { buildPacket, type PacketPlan } from '../packet/build.ts'
import { decodeFrame } from '../packet/decode.ts'
import { LINKTYPE_ETHERNET } from '../packet/link-type.ts'
import { Packet } from '../packet/packet.ts'
import { logLine } from './log-line.ts'

const note: LogNote = {
  kind: 'log',
  prefix: 'IN: ',
  level: 4,
  tcpSequence: true,
  tcpOptions: true,
  ipOptions: true,
  uid: true,
  macDecode: false,
}
const header = [0x72, 0x5d, 0x30, 0xa5, 0xa5, 0xfe, 0xce, 0xc3, 0xf2, 0x67, 0xd8, 0x46]

interface Where {
  readonly type?: readonly number[]
  readonly captured?: number
  readonly out?: string
}

function line(plan: PacketPlan, choice: Partial<LogNote> = {}, where: Where = {}): string {
  const { type = [8, 0], captured = Number.POSITIVE_INFINITY, out = '' } = where
  const frame = Uint8Array.from([...header, ...type, ...buildPacket(plan)])
  const packet = new Packet()
  const end = Math.min(frame.length, captured)
  decodeFrame(packet, new DataView(frame.buffer), frame, 0, end, frame.length, LINKTYPE_ETHERNET)
  packet.frameBytes = frame
  packet.frameEnd = end
  const passage = new Passage()
  const interfaces = new Interfaces()
  passage.begin(packet, new Tuple(), new Outcome())
  passage.inInterface = interfaces.numberOf(out === '' ? 'va' : '')
  passage.outInterface = interfaces.numberOf(out)
  passage.mark = 0x2a
  return logLine({ ...note, ...choice }, passage, interfaces)
}

const syn: PacketPlan = {
  source: '10.9.0.2',
  destination: '10.9.0.1',
  identification: 55162,
  dontFragment: true,
  tcp: {
    sourcePort: 41510,
    destinationPort: 81,
    flags: 'S',
    sequence: 3137499688,
    window: 64240,
    options: [{ mss: 1460 }],
  },
}
const place =
  'SRC=10.9.0.2 DST=10.9.0.1 LEN=44 TOS=0x00 PREC=0x00 TTL=64 ID=55162 DF PROTO=TCP SPT=41510 DPT=81 SEQ=3137499688 ACK=0 WINDOW=64240 RES=0x00 SYN URGP=0 OPT (020405B4) MARK=0x2a '

test('a packet that came in by Ethernet', () => {
  expect(line(syn)).toBe(`IN: IN=va OUT= MAC=72:5d:30:a5:a5:fe:ce:c3:f2:67:d8:46:08:00 ${place}`)
  expect(line(syn, { macDecode: true })).toBe(
    `IN: IN=va OUT= MACSRC=ce:c3:f2:67:d8:46 MACDST=72:5d:30:a5:a5:fe MACPROTO=0800 ${place}`,
  )
})

test('a VLAN tag is no part of the link header', () => {
  expect(line(syn, {}, { type: [0x81, 0, 0, 5, 8, 0] })).toBe(line(syn))
})

test('a packet that leaves has no link header', () => {
  expect(line(syn, {}, { out: 'vb' })).toBe(`IN: IN= OUT=vb ${place}`)
})

test('without the options of LOG', () => {
  const plain = { tcpSequence: false, tcpOptions: false, ipOptions: false }
  expect(line(syn, plain)).toContain('SPT=41510 DPT=81 WINDOW=64240 RES=0x00 SYN URGP=0 MARK=0x2a ')
})

test('what the capture lacks is said to be cut, not incomplete', () => {
  expect(line(syn, {}, { captured: 14 + 30 })).toMatch(/DF PROTO=TCP CUT $/)
  expect(line({ source: '10.9.0.2', destination: '10.9.0.1', protocol: 6, payload: [1, 2] })).toMatch(
    /PROTO=TCP INCOMPLETE \[2 bytes\] $/,
  )
})

test('an error tells what it quotes, once', () => {
  const inner = buildPacket(syn)
  const text = line({
    source: '10.9.0.1',
    destination: '10.9.0.2',
    icmp: { type: 3, code: 4, rest: 1400, payload: inner },
  })
  expect(text).toContain('PROTO=ICMP TYPE=3 CODE=4 [SRC=10.9.0.2 DST=10.9.0.1 LEN=44 ')
  expect(text).toContain('OPT (020405B4) ] MTU=1400 MARK=0x2a ')
})
