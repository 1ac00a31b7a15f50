/** Scenarios in documents can be read, and those that are whole hold. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseScenario } from '../../src/scenario/parser.ts'
import { formatProblem } from '../../src/scenario/problem.ts'
import { scenario } from '../../src/testing.ts'

const root = join(import.meta.dirname, '../..')
const hosts = 'host client 10.0.0.2   host server 192.0.2.9\n'

/** Blocks without a language that send a packet or a capture. */
function blocksOf(document: string): string[] {
  const text = readFileSync(join(root, document), 'utf8')
  // Fences open and close in turn, so that between two blocks is no block.
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
  return blocks
    .filter(([, language]) => language === '')
    .map(([, , block]) => block!)
    .filter((block) => /^(?:\+[\d.]|repeat|traffic)/m.test(block))
}

for (const document of ['README.md', 'docs/reference/scenario.md', 'docs/test-your-firewall.md']) {
  const blocks = blocksOf(document)
  test(`${document} has scenarios that can be read`, () => {
    expect(blocks.length).toBeGreaterThan(0)
    for (const block of blocks) {
      const text = block.includes('host ') ? block : hosts + block
      const { problems } = parseScenario(text, document)
      expect(problems.map((problem) => formatProblem(problem, text))).toEqual([])
    }
  })
}

test.each(['README.md', 'docs/reference/scenario.md'])('the first one of %s holds', async (document) => {
  await scenario(blocksOf(document)[0]!, { folder: join(import.meta.dirname, 'fixture'), name: document })
})
