/** Captures of bent bytes: every packet is explained, and what is said steers no terminal. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Explainer } from '../../src/cli/explain/explainer.ts'
import { explain } from '../../src/cli/explain.ts'
import { Failure } from '../../src/cli/failure.ts'
import { parseArguments } from '../../src/cli/parse-arguments.ts'
import { formatExplainedJson } from '../../src/format/explain-json.ts'
import { formatExplained } from '../../src/format/explain-text.ts'
import { corpus, mutated, Random } from '../hostile/mutate.ts'
import { SITUATIONS } from './situations.ts'

let folder: string
const rules = 'strict.v4'

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-bent-'))
  writeFileSync(join(folder, rules), SITUATIONS['after-reset']!.files[rules]!)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function explainerOf(bytes: Uint8Array): Explainer {
  const file = join(folder, 'bent.pcapng')
  writeFileSync(file, bytes)
  const words = ['-r', join(folder, rules), '--local', 'eth0=192.0.2.9/24', '--packet', '1', file]
  const { options } = parseArguments(explain, words)
  return new Explainer(options, [file], 80)
}

/** What is said of a packet; null where there is no such packet. */
async function said(explainer: Explainer, number: number): Promise<string | null> {
  try {
    const found = await explainer.findPacket({ file: null, number })
    if (found === null) return null
    const explained = await explainer.explain(found)
    expect(JSON.parse(formatExplainedJson(explained))).toMatchObject({ packet: { packet: number } })
    return formatExplained(explained, { width: 80, offsetAt: () => 0, style: (_, text) => text })
  } catch (error) {
    // A capture without such a packet, or one in which nothing says who the host is.
    if (error instanceof Failure) return null
    throw error
  }
}

test('every packet of every bent capture is explained', async () => {
  const captures = [...corpus(), ...Object.values(SITUATIONS).flatMap(({ files }) => bytesOf(files))]
  let explained = 0
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const random = new Random(seed)
      const explainer = explainerOf(mutated(captures, random))
      for (const number of [1, 2, 1 + random.below(30)]) {
        const text = await said(explainer, number)
        if (text === null) continue
        explained++
        expect(text).toMatch(/^Packet \d+: /)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
        expect(text.split('\n').length).toBeLessThan(150)
      }
    }),
    { numRuns: 40 },
  )
  expect(explained).toBeGreaterThan(20)
}, 120_000)

function bytesOf(files: Readonly<Record<string, Uint8Array | string>>): Uint8Array[] {
  return Object.values(files).filter((content) => content instanceof Uint8Array)
}
