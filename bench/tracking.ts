/** Tracking from memory against the floor, at three sizes of the table, in interleaved rounds. */
import { Decoding, LeanDecoding, Reading, used, walk } from './floor.ts'
import { atMost, cpuNanoseconds, median, type Row, speed } from './measure.ts'
import { makeTracker, Stream } from './stream.ts'
import { Traffic } from './traffic.ts'

/** Records of one timed pass: 40 MB, more than any cache holds. */
const PASS = 500_000
const ROUNDS = 9
/**
 * Closed connections leave after 10 s instead of 120, so that the table comes to rest in a warm-up of a bearable
 * length: at 120 s it would hold three entries for each open connection, and come to rest after 60 packets for each.
 */
const SYSCTLS = { nf_conntrack_tcp_timeout_time_wait: 10 }
/** Packets for each connection until as many entries come as go (10 s, at one packet in 2 s each). */
const WARM_UP = 8

const sizes = [
  { connections: 1_000, limit: 12 },
  { connections: 100_000, limit: 20 },
  { connections: 1_000_000, limit: 25 },
] as const

export async function measureTracking(): Promise<Row[]> {
  const chunk = new Uint8Array(PASS * 80)
  const decoding = new Decoding()
  const lean = new LeanDecoding()
  const reading = new Reading()
  const runs = []
  for (const { connections, limit } of sizes) {
    const tracker = makeTracker(SYSCTLS)
    const traffic = new Traffic({ connections })
    const stream = await Stream.open(tracker)
    for (let made = 0; made < Math.max(connections * WARM_UP, 4 * PASS); made += PASS) {
      traffic.fill(chunk)
      await stream.run(chunk)
    }
    runs.push({ connections, limit, tracker, traffic, stream, times: [] as number[], ratios: [] as number[] })
  }
  const loops: number[] = []
  const walks: number[] = []
  const floors: number[] = []
  const decodes: number[] = []
  for (let round = -1; round < ROUNDS; round++) {
    for (const run of runs) {
      run.traffic.fill(chunk)
      const start = cpuNanoseconds()
      walk(chunk)
      const looped = cpuNanoseconds()
      reading.run(chunk)
      const walked = cpuNanoseconds()
      if (lean.run(chunk) !== PASS) throw new Error('the lean loop met what it does not decode')
      const floored = cpuNanoseconds()
      decoding.run(chunk)
      const decoded = cpuNanoseconds()
      await run.stream.run(chunk)
      const tracked = cpuNanoseconds()
      // The first round warms up what the others measure.
      if (round < 0) continue
      loops.push((looped - start) / PASS)
      walks.push((walked - looped) / PASS)
      floors.push((floored - walked) / PASS)
      decodes.push((decoded - floored) / PASS)
      run.times.push((tracked - decoded) / PASS)
      run.ratios.push((tracked - decoded) / (floored - walked))
    }
  }
  const rows: Row[] = [
    speed('bare loop over the record headers', median(loops)),
    speed('walk of the record headers by the reader', median(walks)),
    speed('floor: walk and decode in one loop', median(floors)),
    speed('walk and decode by the reader into packets', median(decodes)),
    atMost('reader and packets : floor', median(decodes) / median(floors), null, ' x'),
    atMost('floor : bare loop', median(floors) / median(loops), 4, ' x'),
  ]
  for (const { connections, limit, tracker, stream, times, ratios } of runs) {
    const name = connections.toLocaleString('en')
    rows.push(speed(`tracking, ${name} connections open`, median(times)))
    rows.push(atMost(`tracking : floor, ${name} connections`, median(ratios), limit, ' x'))
    if (process.env['BENCH_VERBOSE'] === '1') {
      console.error(
        connections,
        tracker.table.count,
        tracker.statistics,
        stream.replay.summary.ctstates,
        times.map(Math.round).join(' '),
        used(),
      )
    }
  }
  return rows
}
