/** `sallyport/testing`, as a project uses it. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ScenarioError, scenario, scenariosIn } from '../../src/testing.ts'

const root = join(import.meta.dirname, '../..')
const fixture = join(import.meta.dirname, 'fixture')

test('a scenario that holds tells what became of its packets', async () => {
  const port = 80
  const { packets } = await scenario`
    host client 10.0.0.2   host server 192.0.2.9
    rules
      iptables -P FORWARD DROP
      iptables -A FORWARD -p tcp --dport ${port} -j ACCEPT
    +0 client:40000 > server:${port} S
       NEW, ACCEPT by FORWARD 1
    +0 client:40001 > server:22 S
       NEW, DROP by FORWARD policy
  `
  expect(packets).toMatchObject([
    { packet: 1, destinationPort: 80, verdict: 'ACCEPT', entry: { state: 'SYN_SENT' } },
    { packet: 2, destinationPort: 22, verdict: 'DROP', entry: null },
  ])
})

test('one that does not is an error with expected and actual', async () => {
  const failing = scenario(
    'host a 10.0.0.1   host b 10.0.0.2\n+0 a:1 > b:2 S\n   ESTABLISHED, entry none, ACCEPT\n',
    { name: 'mine' },
  )
  await expect(failing).rejects.toBeInstanceOf(ScenarioError)
  await expect(failing).rejects.toMatchObject({
    name: 'ScenarioError',
    expected: 'ESTABLISHED\nentry none',
    actual: 'NEW\nentry SYN_SENT 120s UNREPLIED',
    message: expect.stringContaining(
      'mine:3:4  packet 1\n  3 |    ESTABLISHED, entry none, ACCEPT\n    |    ^^^^^^^^^^^\n',
    ),
  })
})

test('one that cannot be read, or run, is an error that says where', async () => {
  await expect(scenario('host a 10.0.0.1\n+0 a:1 > nobody:2 S')).rejects.toMatchObject({
    expected: undefined,
    message: expect.stringContaining('scenario:2:10  error'),
  })
  await expect(scenario`host a 10.0.0.1
    rules not-there.v4
    +0 a:1 > 10.0.0.2:2 S`).rejects.toMatchObject({
    message: expect.stringContaining('not-there.v4: no such file'),
  })
})

test('paths are relative to the folder that is given, and those of a file to its own', async () => {
  const text = 'host a 10.0.0.1\nrules shop.v4\n+0 a:1 > 10.0.0.2:80 S\n  ACCEPT by FORWARD 1\n'
  await scenario(text, { folder: fixture })
  const cases = scenariosIn(fixture)
  expect(cases.map(({ name }) => name.replace(`${fixture}/`, ''))).toEqual([
    'shop.scenario > the shop is open',
    'shop.scenario > the back door is closed',
  ])
  for (const { run } of cases) await run()
})

test('Vitest shows the difference, and the tests of files by their names', () => {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, 'run', '--root', fixture], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  })
  const output = stdout + stderr
  expect(status).toBe(1)
  expect(output).toMatch(/1 failed \| 2 passed/)
  expect(output).toContain('- ESTABLISHED\n- entry ESTABLISHED 432000s\n+ NEW\n+ entry SYN_SENT 120s')
  expect(output).toContain('scenario:4:8  packet 1')
})
