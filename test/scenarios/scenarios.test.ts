/** Every scenario of the repository, through the engine. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBeside, SCENARIO_ENDING } from '../../src/cli/scenario-files.ts'
import { parseScenario } from '../../src/scenario/parser.ts'
import { formatProblem } from '../../src/scenario/problem.ts'
import { ScenarioRun } from '../../src/scenario/run.ts'

const folder = join(import.meta.dirname, '../../scenarios')
const names = readdirSync(folder).filter((name) => name.endsWith(SCENARIO_ENDING))

test('there are scenarios', () => {
  expect(names.length).toBeGreaterThan(0)
})

for (const name of names) {
  const path = join(folder, name)
  const text = readFileSync(path, 'utf8')
  const { file, problems } = parseScenario(text, name)
  describe(name, () => {
    test('can be read', () => {
      expect(problems.map((problem) => formatProblem(problem, text))).toEqual([])
    })
    for (const one of file?.tests ?? []) {
      test(one.name, async () => {
        const result = await new ScenarioRun(file!, { files: filesBeside(path) }).test(one)
        expect(result.problem && formatProblem(result.problem, text)).toBeNull()
        expect(result.failures.map(({ expected, actual }) => ({ expected, actual }))).toEqual([])
      })
    }
  })
}
