/** For tests: a TCP conversation in words. */
import { Bench, type BenchOptions } from './fixtures.ts'

/**
 * A conversation between A (10.0.1.2:1000) and B (10.0.2.2:80). A line: who sends, flags, fields; then the class, the
 * entry afterwards, and reasons.
 */
export function conversation(text: string, options: BenchOptions = {}): { got: string; expected: string } {
  const bench = new Bench(options)
  const got: string[] = []
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim())
  for (const line of lines) {
    const wait = /^wait ([\d.]+)$/.exec(line)
    if (wait !== null) {
      bench.wait(Number(wait[1]))
      got.push(line)
      continue
    }
    const packet = line.split('|')[0]!
    const [, from, flags] = /^(A|B) (\S+)/.exec(packet)!
    const field = (name: string, initial: number): number => {
      const match = new RegExp(`${name}=(\\d+)`).exec(packet)
      return match === null ? initial : Number(match[1])
    }
    const fromA = from === 'A'
    const seen = bench.send({
      source: fromA ? '10.0.1.2' : '10.0.2.2',
      destination: fromA ? '10.0.2.2' : '10.0.1.2',
      tcp: {
        sourcePort: fromA ? 1000 : 80,
        destinationPort: fromA ? 80 : 1000,
        flags: flags!,
        sequence: field('seq', 0),
        acknowledgment: field('ack', 0),
        window: field('win', 65_535),
        payload: new Uint8Array(field('len', 0)),
      },
    })
    const reasons = seen.reasons.length === 0 ? '' : ` | ${seen.reasons.join(' ')}`
    got.push(`${packet.trim()} | ${seen.ctstate} | ${seen.entry}${reasons}`)
  }
  return { got: got.join('\n'), expected: lines.join('\n') }
}
