import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Explainer } from '../run/explainer.ts'
import { parsedFile, runText } from './fixtures.ts'
import { noFiles } from './load.ts'
import { NotSetUp, Play } from './play.ts'

const scenario = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../scenarios', `${name}.scenario`), 'utf8')

function play(text: string, at = 0) {
  const file = parsedFile(text)
  return new Play(file, file.tests[at]!, { files: noFiles })
}

test('each packet is told with its number and its step, and the result is that of the test', async () => {
  const text = scenario('stray-fin-ack')
  const file = parsedFile(text)
  const [result] = await runText(text)
  const one = new Play(file, file.tests[0]!, { files: noFiles })
  const numbers: number[] = []
  await one.each({ onPacket: (_, __, number) => numbers.push(number) })
  expect(one.result).toEqual(result)
  expect(numbers).toEqual(Array.from({ length: result!.packets }, (_, i) => i + 1))
  const lines = one.spans.map(({ start, end }) => text.slice(start, end))
  expect(lines).toHaveLength(result!.packets)
  expect(lines[0]).toMatch(/^\+0 +browser:\d+ > server:\d+ +S/)
})

test('a packet is explained with the way that it took through the rules', async () => {
  const text = scenario('stray-fin-ack')
  const file = parsedFile(text)
  const number = (await runText(text))[0]!.packets
  const explainer = new Explainer((more) =>
    Promise.resolve(new Play(file, file.tests[0]!, { files: noFiles, more })),
  )
  const { packet, story } = await explainer.explain(number)
  expect(packet).toMatchObject({ packet: number, ctstate: 'INVALID', verdict: 'DROP' })
  expect(packet.trace!.at(-1)).toMatchObject({ matched: true })
  expect(story.length).toBeGreaterThan(1)
})

test('what an observer throws ends the play and comes out', async () => {
  const seen: number[] = []
  const all = play(scenario('handshake')).each({
    onPacket(_, __, number) {
      seen.push(number)
      if (number === 2) throw new RangeError('enough')
    },
  })
  await expect(all).rejects.toThrow(RangeError)
  expect(seen).toEqual([1, 2])
})

test('a machine that cannot be set up is told with the place', () => {
  const text =
    'host a 10.0.0.2\nrules\n    *filter\n    -A INPUT -p tpc -j DROP\n    COMMIT\n+0 a:1 > 10.0.0.9:2 S\n'
  const problem = (() => {
    try {
      return play(text)
    } catch (error) {
      return error
    }
  })()
  expect(problem).toBeInstanceOf(NotSetUp)
  expect((problem as NotSetUp).problem).toMatchObject({ message: 'the rules have mistakes' })
  expect((problem as NotSetUp).problem.details.join('\n')).toContain('t.scenario:4:')
})

test('rules that come later are told', async () => {
  const one = play(scenario('ruleset-change'))
  const rules: number[] = []
  one.onRules = () => rules.push(one.spans.length)
  await one.each({})
  expect(one.result!.status).toBe('passed')
  expect(rules.length).toBeGreaterThan(0)
})
