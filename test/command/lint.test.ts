import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call } from './command.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

const rules = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -s 10.0.0.0/8 -j DROP
-A INPUT -s 10.1.2.0/24 -p tcp -m tcp --dport 22 --syn -j ACCEPT
-A INPUT -p tcp -m tcp --dport 443 -m conntrack --ctstate NEW -j ACCEPT
COMMIT
`

test('findings with frame and fix, then the total; exit code 1 for a warning', async () => {
  folder.write('rules.v4', rules)
  const { code, out, error } = await call(folder.path, ['lint', 'rules.v4'])
  expect({ code, error }).toEqual({ code: 1, error: '' })
  expect(out).toBe(`rules.v4:9:1  warning  shadowed
  9 | -A INPUT -s 10.1.2.0/24 -p tcp -m tcp --dport 22 --syn -j ACCEPT
    | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  INPUT 5 never matches: INPUT 4 (line 8) takes all that it could
  fix: put it in front of INPUT 4 (line 8), or delete it

rules.v4:10:1  note  new-without-syn
  10 | -A INPUT -p tcp -m tcp --dport 443 -m conntrack --ctstate NEW -j ACCEPT
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  INPUT 6 accepts NEW TCP packets that are no SYN
  fix: in front of the rules that accept NEW in INPUT:
       -A INPUT -p tcp ! --syn -m conntrack --ctstate NEW -j DROP

rules.v4: 1 warning, 1 note; 6 rules in 3 chains
`)
})

test('--json: an object for each finding', async () => {
  folder.write('rules.v4', rules)
  const { code, out } = await call(folder.path, ['lint', '--json', 'rules.v4'])
  const findings = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(code).toBe(1)
  expect(findings[0]).toEqual({
    file: 'rules.v4',
    line: 9,
    column: 1,
    code: 'shadowed',
    severity: 'warning',
    table: 'filter',
    chain: 'INPUT',
    number: 5,
    message: 'INPUT 5 never matches: INPUT 4 (line 8) takes all that it could',
    advice: 'put it in front of INPUT 4 (line 8), or delete it',
    lines: [],
  })
})

test('nothing but notes, and silenced warnings: exit code 0', async () => {
  folder.write('quiet.v4', rules.replace('-A INPUT -s 10.1', '# sallyport: allow shadowed\n-A INPUT -s 10.1'))
  const { code, out } = await call(folder.path, ['lint', 'quiet.v4'])
  expect(code).toBe(0)
  expect(out).toMatch(/^quiet\.v4: 1 note \(1 finding silenced\); 6 rules in 3 chains$/m)
})

test('standard input, IPv6, and mistakes, which end it', async () => {
  const six = '*filter\n-A INPUT -s fd00::/8 -j DROP\n-A INPUT -s fd00::1 -j DROP\nCOMMIT\n'
  const { code, out } = await call(folder.path, ['lint', '-6', '-'], { input: six })
  expect(code).toBe(1)
  expect(out).toContain('-:3:1  warning  shadowed')
  folder.write('wrong.v4', rules.replace('--dport 443', '--dprot 443'))
  const wrong = await call(folder.path, ['lint', 'wrong.v4'])
  expect({ code: wrong.code, out: wrong.out }).toEqual({ code: 1, out: '' })
  expect(wrong.error).toContain('did you mean --dport?')
  expect((await call(folder.path, ['lint'])).code).toBe(2)
  expect((await call(folder.path, ['lint', 'none.v4'])).code).toBe(3)
})

test('mistakes are findings of lint and fmt; who needs the rules cannot go on; what is no text is 3 for all', async () => {
  const examples = join(import.meta.dirname, '../../examples')
  const capture = join(examples, 'first-look.pcapng')
  const right = join(examples, 'first-look.v4')
  folder.write('mistaken.v4', rules.replace('--dport 443', '--dprot 443'))
  folder.write('binary.v4', `\u0001\u0002\u0003${'\u0004x'.repeat(200)}`)
  const commands = (file: string): Record<string, string[]> => ({
    lint: ['lint', file],
    fmt: ['fmt', file],
    query: ['query', file, 'tcp'],
    replay: ['replay', capture, '-r', file],
    explain: ['explain', capture, '-r', file, '--packet', '1'],
    diff: ['diff', file, right, capture],
  })
  const codesOf = async (file: string) => {
    const codes: Record<string, number | null> = {}
    for (const [name, words] of Object.entries(commands(file)))
      codes[name] = (await call(folder.path, words)).code
    return codes
  }
  const unreadable = { lint: 3, fmt: 3, query: 3, replay: 3, explain: 3, diff: 3 }
  expect(await codesOf('mistaken.v4')).toEqual({ ...unreadable, lint: 1, fmt: 1 })
  expect(await codesOf('binary.v4')).toEqual(unreadable)
})
