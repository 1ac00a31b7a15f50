import { expect, test } from 'vitest'
import { call } from './command.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

const rules = `*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT
COMMIT
`

test('by way: accepted, dropped, or either, with an example of each', async () => {
  folder.write('rules.v4', rules)
  const { code, out, error } = await call(folder.path, [
    'query',
    'rules.v4',
    'in eth0 and tcp dst port 22 and ctstate NEW',
  ])
  expect({ code, error }).toEqual({ code: 0, error: '' })
  expect(out).toBe(`To this host (INPUT): some accepted, some either
  NEW          ACCEPT    INPUT 2 (line 5)  -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT
                         e.g. tcp 10.0.0.1:40000 > 192.0.2.9:22 S, in eth0
  NEW          ACCEPT?   INPUT 3 (line 6)  -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT
                         depending on INPUT 3 (limit)
                         e.g. tcp 198.51.100.7:40000 > 192.0.2.9:22 S, in eth0
  NEW          DROP?     INPUT (line 2)  policy DROP
                         depending on INPUT 3 (limit)
                         e.g. tcp 198.51.100.7:40000 > 192.0.2.9:22 S, in eth0, the 6th of them at once

Through it (FORWARD): accepted
  NEW          ACCEPT    FORWARD (line 3)  policy ACCEPT
                         e.g. tcp 198.51.100.7:40000 > 192.0.2.9:22 S, in eth0, out eth1
`)
})

test('--json: each answer with the bytes of its packet; words without quotes are one expression', async () => {
  folder.write('rules.v4', rules)
  const words = ['query', '--json', 'rules.v4', 'in', 'eth0', 'and', 'udp', 'and', 'ctstate', 'INVALID']
  const { code, out } = await call(folder.path, words)
  const [answer] = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(code).toBe(0)
  expect(answer).toMatchObject({ way: 'INPUT', ctstate: 'INVALID', verdict: 'DROP', certain: true })
  expect(answer.decidedBy).toMatchObject({
    table: 'filter',
    chain: 'INPUT',
    number: null,
    text: 'policy DROP',
  })
  expect(answer.witness.bytes).toMatch(/^45[0-9a-f]+$/)
})

test('what is no question is wrong use, with its place or its word', async () => {
  folder.write('rules.v4', rules)
  const about = (expression: string) => call(folder.path, ['query', 'rules.v4', expression])
  expect((await about('reason tcp-new')).error).toContain('"reason" says nothing about what a packet is')
  expect((await about('prot 80')).error).toContain('did you mean "port"?')
  expect((await about('prot 80')).code).toBe(2)
  expect((await call(folder.path, ['query', 'rules.v4'])).code).toBe(2)
  expect((await about('ip6 and tcp')).out).toBe('no packet is of this description\n')
})

test('--ipset: examples of rules with sets; without it they are told to be missing', async () => {
  folder.write('sets.v4', '*filter\n-A FORWARD -m set --match-set blocked src -j DROP\nCOMMIT\n')
  folder.write('saved.ipset', 'create blocked hash:net family inet\nadd blocked 203.0.113.64/26\n')
  const question = 'in eth0 and out eth1 and udp and ctstate NEW'
  const given = await call(folder.path, ['query', '--ipset', 'saved.ipset', 'sets.v4', question])
  expect(given.out).toContain('e.g. udp 203.0.113.65:40000 > 192.0.2.9:80, in eth0, out eth1')
  const missing = await call(folder.path, ['query', 'sets.v4', question])
  expect(missing.out).toContain(
    'none found: filter FORWARD 1 cannot be evaluated: set: no set "blocked": give --ipset FILE',
  )
})

test('--seconds: what is not decided in the time is told so, with exit code 1', async () => {
  folder.write('rules.v4', rules)
  const question = 'in eth0 and tcp dst port 22 and ctstate NEW'
  const { code, out } = await call(folder.path, ['query', '--seconds', '0.000001', 'rules.v4', question])
  expect(code).toBe(1)
  expect(out).toContain('To this host (INPUT): undecided\n  NEW          undecided within the budget: ')
  const wrong = await call(folder.path, ['query', '--seconds', 'soon', 'rules.v4', question])
  expect(wrong.code).toBe(2)
  expect(wrong.error).toContain('expected a number of seconds')
})
