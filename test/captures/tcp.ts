/** TCP: opening, closing, resets, windows. Most follow the traces recorded from a kernel. */
import { CLIENT, CLIENT6, SERVER6, Story } from './story.ts'

/** The third segment of the handshake comes behind the first data; a SYN is sent again. */
export function handshake(): Story {
  const story = new Story()
  const web = story.tcp(40_000, 80)
  web.out('S', 1000)
  story.wait(2.2)
  web.out('S', 1000)
  web.back('SA', 5000, 1001)
  web.out('PA', 1001, 5001, { length: 100 })
  web.out('A', 1001, 5001)
  web.back('A', 5001, 1101)
  // The same over IPv6, in order.
  story.tcp(40_001, 80, { client: CLIENT6, server: SERVER6 }).open(1000, 5000)
  // Neither is the start of a connection.
  const odd = story.tcp(40_002, 80)
  odd.back('SA', 1, 1)
  odd.out('FA', 1, 1)
  odd.out('R', 1)
  odd.out('F', 1)
  odd.out('SF', 1)
  odd.out('', 1)
  return story
}

/** Closed in order, opened again by the client; closed by both at once, opened again by the server. */
export function close(): Story {
  const story = new Story()
  const first = story.tcp(40_000, 80)
  first.open(100, 500)
  first.out('PA', 101, 501, { length: 10 })
  first.back('A', 501, 111)
  first.out('FA', 111, 501)
  first.back('A', 501, 112)
  first.back('FA', 501, 112)
  first.out('A', 112, 502)
  first.out('S', 9000)
  const second = story.tcp(40_001, 80)
  second.open(100, 500)
  second.out('FA', 101, 501)
  second.back('FA', 501, 102)
  second.out('A', 102, 502)
  second.back('S', 7000)
  // TIME_WAIT of nobody: 120 s.
  story.wait(130)
  const third = story.tcp(40_002, 80)
  third.out('S', 1)
  third.back('RA', 0, 2)
  return story
}

export function simultaneousOpen(): Story {
  const story = new Story()
  const both = story.tcp(40_000, 40_000)
  both.out('S', 100)
  both.back('S', 500)
  both.out('SA', 100, 501)
  both.back('SA', 500, 101)
  both.out('A', 101, 501)
  both.back('A', 501, 101)
  return story
}

/** A SYN in an established connection whose server really began anew; then one that is a stray. */
export function resynchronise(): Story {
  const story = new Story()
  const restarted = story.tcp(40_000, 80)
  restarted.open(100, 500)
  restarted.out('S', 5000)
  restarted.back('SA', 8000, 5001)
  restarted.out('A', 5001, 8001)
  const stray = story.tcp(40_001, 80)
  stray.open(100, 500)
  stray.out('S', 5000)
  stray.back('A', 501, 101)
  stray.out('R', 101)
  stray.out('S', 5000)
  return story
}

/** Challenge ACKs: the server is still in an old connection; a stray SYN while the last ACK is awaited. */
export function challengeAck(): Story {
  const story = new Story()
  const stale = story.tcp(40_000, 80)
  stale.out('S', 100)
  stale.back('A', 900, 40)
  stale.out('R', 40)
  stale.out('S', 100)
  stale.back('SA', 1000, 101)
  stale.out('A', 101, 1001)
  const closing = story.tcp(40_001, 80)
  closing.open(100, 500)
  closing.back('FA', 501, 101)
  closing.out('A', 101, 502)
  closing.out('FA', 101, 502)
  closing.out('S', 7000)
  closing.back('A', 502, 102)
  closing.back('A', 502, 102)
  return story
}

/** RSTs: left of what was acknowledged, not exactly there, exactly there. */
export function resets(): Story {
  const story = new Story()
  const flow = story.tcp(40_000, 80)
  flow.open(100, 500)
  flow.back('A', 501, 101, { length: 100 })
  flow.out('A', 101, 601)
  flow.back('R', 400)
  flow.back('R', 610)
  flow.back('R', 601)
  const refused = story.tcp(40_001, 8080)
  refused.out('S', 100)
  refused.back('RA', 0, 101)
  return story
}

/** Both ends of each window, the widths being 1,000 and 64,240 bytes. */
export function windows(): Story {
  const story = new Story()
  const flow = story.tcp(40_000, 80)
  flow.open(100, 500)
  flow.out('A', 101, 501, { window: 1000 })
  flow.back('A', 501, 101, { length: 1000 })
  flow.back('A', 70_000, 101, { length: 10 })
  flow.out('A', 101, 90_000, { window: 1000 })
  flow.out('A', 101, 1501, { window: 1000 })
  flow.back('A', 501, 101, { length: 500 })
  flow.out('A', 4_294_900_000, 1501, { window: 1000, length: 1 })
  flow.out('A', 101, 4_294_900_000, { window: 1000 })
  return story
}

/** A window of zero, and the same ACK again and again: both shorten the timeout to 300 s. */
export function zeroWindow(): Story {
  const story = new Story()
  const flow = story.tcp(40_000, 80)
  flow.open(100, 500)
  flow.out('A', 101, 501, { window: 0 })
  flow.out('A', 101, 501, { window: 500 })
  flow.out('A', 101, 501, { window: 500 })
  flow.out('A', 101, 501, { window: 500 })
  flow.out('A', 101, 501, { window: 500 })
  return story
}

/** Windows scaled by 7; data lost, and what came behind it acknowledged selectively. */
export function scalingAndSack(): Story {
  const story = new Story()
  const flow = story.tcp(40_000, 80)
  const options = [{ mss: 1460 }, 'sackPermitted', { windowScale: 7 }] as const
  flow.open(100, 500, { options, window: 1000 })
  // 1000 << 7 bytes fit.
  flow.back('A', 501, 101, { length: 1000 })
  flow.back('A', 2501, 101, { length: 1000 })
  flow.out('A', 101, 1501, { window: 1000, options: ['nop', 'nop', { sack: [[2501, 3501]] }] })
  flow.back('A', 127_501, 101, { length: 1000 })
  flow.back('A', 260_000, 101, { length: 1000 })
  // Only one side offers scaling: neither scales.
  const plain = story.tcp(40_001, 80)
  plain.out('S', 100, 0, { options })
  plain.back('SA', 500, 101)
  plain.out('A', 101, 501, { window: 1000 })
  plain.back('A', 120_501, 101, { length: 1000 })
  return story
}

/** Three flows that began before the capture: answered, unanswered, and one of which only the answers are seen. */
export function pickedUp(): Story {
  const story = new Story()
  const answered = story.tcp(40_000, 80)
  answered.out('A', 1000, 2000, { length: 50 })
  answered.back('A', 2000, 1050)
  answered.out('A', 1050, 2000)
  const unanswered = story.tcp(40_001, 80)
  for (let i = 0; i < 4; i++) unanswered.out('A', 1000 + i * 50, 2000, { length: 50 })
  const answers = story.tcp(40_002, 80, { client: CLIENT })
  answers.back('PA', 1000, 2000, { length: 50 })
  return story
}

/** The checksum of one segment is wrong, its header is too short in another, too long in a third. */
export function malformed(): Story {
  const story = new Story()
  const flow = story.tcp(40_000, 80)
  flow.open(100, 500)
  flow.out('PA', 101, 501, { length: 10, checksum: 'bad' })
  const ends = { source: CLIENT, destination: '192.0.2.9' }
  const tcp = { sourcePort: 40_000, destinationPort: 80, flags: 'A', sequence: 101, acknowledgment: 501 }
  story.send({ ...ends, tcp: { ...tcp, dataOffset: 4 } })
  story.send({ ...ends, tcp: { ...tcp, dataOffset: 15 } })
  story.send({ ...ends, protocol: 6, payload: [0x9c, 0x40, 0, 80, 0, 0, 0, 1] })
  story.send({ ...ends, protocol: 6, payload: [0x9c, 0x40] })
  flow.out('PA', 101, 501, { length: 10 })
  return story
}
