/** Captures through both: what is compared, and what is said of the rest. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { offload } from '../captures/capture-point.ts'
import { Story } from '../captures/story.ts'
import { captureReport, playCapture, readSteps } from './capture.ts'
import { FirewallEngine } from './firewall-engine.ts'
import { Kernel } from './kernel.ts'
import { whyNot } from './needs.ts'

const missing = whyNot()
if (missing !== null) console.warn(`SKIPPED: 2 tests of captures through Linux, because ${missing}`)

const folder = mkdtempSync(join(tmpdir(), 'sallyport-capture-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** A capture through both, as the command line does it. */
async function compare(path: string) {
  const capture = await readSteps(path)
  const kernel = Kernel.open('transit')
  try {
    const result = playCapture({ kernel, engine: new FirewallEngine(), coverage: null }, capture)
    return { ...captureReport('it', capture, result), capture, result }
  } finally {
    kernel.close()
  }
}

const nothing = { packets: 0, agreed: 0, udpStreams: 0, differences: [] }

test('no frame, no packet, no capture: nothing could be compared, and why', async () => {
  const report = async (content: Uint8Array | string) =>
    captureReport('it', await readSteps(write('none', content)), nothing)
  expect(await report(new Story().file())).toEqual({
    agrees: false,
    lines: ['it: nothing could be compared', '  the capture holds no frame'],
  })
  const multicast = new Story()
  multicast.send({
    source: '10.0.0.2',
    destination: '224.0.0.251',
    udp: { sourcePort: 5353, destinationPort: 5353, payload: [1] },
  })
  expect(await report(multicast.file())).toEqual({
    agrees: false,
    lines: ['it: nothing could be compared', '  1 frames left out: addresses that no router forwards'],
  })
  const text = await report('this is no capture at all')
  expect(text.agrees).toBe(false)
  expect(text.lines[1]).toContain('pcap or pcapng expected')
})

test.skipIf(missing !== null)('checksums left to a network card: completed, and both agree', async () => {
  const { lines, agrees, capture } = await compare(write('offload.pcapng', offload().file()))
  expect(capture.completed).toBeGreaterThan(0)
  expect(lines.join('\n')).toContain(`${capture.completed} packets whose checksum was left to a network card`)
  // Its last packet is wrong indeed, and one was merged into more than its length field can say.
  expect({ agrees, wrong: capture.wrong }, lines.join('\n')).toEqual({ agrees: true, wrong: 1 })
  expect([...capture.skipped]).toEqual([['longer than its length field can say', 1]])
})

test.skipIf(missing !== null)('wrong checksums: verified by both, INVALID in both', async () => {
  const story = new Story()
  const ends = { source: '10.0.0.2', destination: '192.0.2.9' }
  for (const sourcePort of [40_000, 40_001, 40_002]) {
    story.send({ ...ends, udp: { sourcePort, destinationPort: 53, payload: [1, 2, 3], checksum: 0x1234 } })
    story.send({ ...ends, udp: { sourcePort, destinationPort: 54, payload: [1, 2, 3] } })
  }
  const { lines, agrees, capture, result } = await compare(write('wrong.pcapng', story.file()))
  expect(lines.join('\n')).toContain('3 packets with a wrong transport checksum, verified by both')
  expect({ agrees, wrong: capture.wrong, completed: capture.completed }).toEqual({
    agrees: true,
    wrong: 3,
    completed: 0,
  })
  expect(result.packets).toBe(6)
})
