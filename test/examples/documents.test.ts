/** The guides: links lead somewhere, commands print what is shown, the first test of the guide to CI passes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { call } from '../command/command.ts'
import { testFolder } from '../command/folder.ts'
import { withOutputs } from './documented.ts'

const root = join(import.meta.dirname, '../..')
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

test.each(documents)('%s: every link within the repository leads to a file', (name) => {
  const text = readFileSync(join(root, name), 'utf8')
  const targets = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
    ([, target]) => target!,
  )
  expect(targets.filter((target) => !existsSync(join(root, dirname(name), target)))).toEqual([])
})

test('every scenario is an answer to a question', () => {
  const questions = readFileSync(join(root, 'docs/ten-questions.md'), 'utf8')
  for (const name of readdirSync(join(root, 'scenarios')).filter((file) => file.endsWith('.scenario')))
    expect(questions).toContain(`../scenarios/${name}`)
})

test('ten questions: the command prints what is shown', async () => {
  const path = join(root, 'docs/ten-questions.md')
  await expect(withOutputs(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path)
})

const folder = testFolder()

test('the first test of the guide to CI passes with such rules, and prints what is shown', async () => {
  const guide = readFileSync(join(root, 'docs/test-your-firewall.md'), 'utf8')
  const [, scenario] = /```\n(# The load balancer.*?)```/s.exec(guide)!
  folder.write('web.scenario', scenario!)
  folder.write(
    'rules.v4',
    `*filter
:INPUT DROP [0:0]
-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A INPUT -s 192.0.2.2 -p tcp --syn --dport 80 -j ACCEPT
COMMIT
`,
  )
  const { out, code } = await call(folder.path, ['test'])
  const untimed = (text: string) => text.replace(/[\d.]+ m?s$/gm, 'TIME').trim()
  const [, shown] = /```console\n\$ sallyport test\n(.*?)```/s.exec(guide)!
  expect([code, untimed(out)]).toEqual([0, untimed(shown!)])
})
