/** `sallyport diff` as a user calls it: the approved outputs, exit codes, and text that nobody meant well. */
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call, transcript } from './command.ts'
import { testFolder } from './folder.ts'

const examples = join(import.meta.dirname, '../../examples')
const folder = testFolder()
for (const name of [
  'first-look.pcapng',
  'first-look.v4',
  'first-look.next.v4',
  'router.pcapng',
  'router.v4',
  'router.next.v4',
  'router.ipset',
])
  copyFileSync(join(examples, name), join(folder.path, name))

const diff = (...words: string[]) => call(folder.path, ['diff', ...words])

const FIRST_LOOK = ['first-look.v4', 'first-look.next.v4', 'first-look.pcapng']
const ROUTER = [
  ...['router.v4', 'router.next.v4', 'router.pcapng', '--ipset', 'router.ipset'],
  ...['--local', 'lan0=192.168.1.1/24', '--local', 'wan0=203.0.113.5/24', '--route', 'default=wan0'],
]
const LIBERAL = 'net.netfilter.nf_conntrack_tcp_be_liberal=1'

test.each([
  ['two rulesets', FIRST_LOOK],
  ['two rulesets of a router', ROUTER],
  ['Markdown', [...FIRST_LOOK, '--markdown']],
  ['Markdown of a router', [...ROUTER, '--markdown']],
  ['the same rules', ['first-look.v4', 'first-look.v4', 'first-look.pcapng']],
  [
    'the same rules with another setting',
    ['first-look.v4', 'first-look.v4', 'first-look.pcapng', '--sysctl-new', LIBERAL],
  ],
  ['a swap', [...FIRST_LOOK, '--swap-at', '#24']],
  ['a swap that is long over', [...FIRST_LOOK, '--swap-at', '+1h', '--markdown']],
])('%s', async (_, words) => {
  const called = await diff(...words)
  expect(transcript(['diff', ...words], called)).toMatchSnapshot()
  expect(called.code).toBe(/^.*No flow changes/.test(called.out) ? 0 : 1)
})

test('a router captured on both sides: a translated connection is one flow, named as it came', async () => {
  const { out } = await diff(...ROUTER, '--captured', 'both', '--swap-at', '#8', '--json')
  const { flows, swap, changes } = JSON.parse(out)
  // The capture holds three connections, each packet twice, and an attempt at the router itself.
  expect(flows).toMatchObject({ total: 4, changed: 2 })
  const [browser] = swap.sessions
  expect(browser.flow).toMatchObject({ source: '192.168.1.10', sourcePort: 50_000, destinationPort: 443 })
  const examples = changes.flatMap((group: { readonly examples: readonly object[] }) => group.examples)
  expect(examples).toMatchObject([
    { flow: { source: '198.51.100.66', destination: '203.0.113.5', destinationPort: 80 }, packets: 3 },
    { flow: { source: '198.51.100.7', destination: '203.0.113.5', destinationPort: 80 }, packets: 5 },
  ])
})

test('JSON is one line with everything', async () => {
  const { code, out } = await diff(...FIRST_LOOK, '--json')
  expect(code).toBe(1)
  expect(out.trimEnd().split('\n')).toHaveLength(1)
  const found = JSON.parse(out)
  expect(found).toMatchObject({
    same: false,
    flows: { total: 7, changed: 2 },
    packets: { total: 33, changed: 8 },
  })
  expect(found.changes[1]).toMatchObject({
    old: { fate: 'ACCEPT', by: { chain: 'services', number: 1, line: 15 } },
    new: { fate: 'DROP', by: { chain: 'INPUT', number: 7, line: 14 } },
    examples: [
      { packets: 7, differing: 7, first: { old: { packet: 22 } }, why: { old: { kind: 'changed' } } },
    ],
  })
})

test('standard input is read as well: a capture, or rules', async () => {
  const file = await diff(...FIRST_LOOK)
  const capture = readFileSync(join(examples, 'first-look.pcapng'))
  const piped = await call(folder.path, ['diff', 'first-look.v4', 'first-look.next.v4', '-'], {
    input: capture,
  })
  expect({ ...piped, out: piped.out.replaceAll('-:', ':') }).toEqual(file)
  const rules = readFileSync(join(examples, 'first-look.v4'))
  const ofOld = await call(folder.path, ['diff', '-', 'first-look.next.v4', 'first-look.pcapng'], {
    input: rules,
  })
  expect(ofOld.out.replaceAll(' -:', ' first-look.v4:').replace(/ +/g, ' ')).toContain('2 of 7 flows change')
  expect(ofOld.code).toBe(1)
})

test.each([
  ['no captures', ['first-look.v4', 'first-look.v4'], 2, /no capture is named/],
  ['one file of rules', ['first-look.v4'], 2, /give OLD and NEW/],
  ['standard input twice', ['-', 'first-look.v4', '-'], 2, /only once/],
  ['one of two families', [...FIRST_LOOK, '--old6', 'first-look.v4'], 2, /give both/],
  ['two forms', [...FIRST_LOOK, '--json', '--markdown'], 2, /choose one/],
  ['no such file', ['first-look.v4', 'nowhere.v4', 'first-look.pcapng'], 3, /nowhere\.v4: no such file/],
  ['a capture that is none', ['first-look.v4', 'first-look.v4', 'router.v4'], 3, /pcap or pcapng expected/],
  ['a swap behind the end', [...FIRST_LOOK, '--swap-at', '#99'], 2, /there is no such packet/],
])('%s is told', async (_, words, code, message) => {
  const called = await diff(...words)
  expect(called.error).toMatch(message)
  expect(called.code).toBe(code)
})

test('nothing in a comment on a pull request comes from a rule as markup, a link or a name that is called', async () => {
  const comment = '@everyone </details><img src=x> | `` [x](http://evil) #1 _a_ www.evil.example \u202e'
  const rules = `*filter\n:INPUT DROP\n-A INPUT -p tcp -m comment --comment "${comment.replaceAll('"', '')}" -j ACCEPT\nCOMMIT\n`
  folder.write('hostile.v4', rules)
  const { out } = await diff('first-look.v4', 'hostile.v4', 'first-look.pcapng', '--markdown')
  const plain = out
    .replace(/<code>[^<]*<\/code>/g, '')
    .replace(/<pre>[^<]*<\/pre>/g, '')
    .replace(/<\/?(?:details|summary)>/g, '')
    .replace(/(`+)(?!`).*?[^`]\1(?!`)/g, '')
  expect(plain).not.toMatch(/[<@[]|evil|#\d|\u202e/)
  expect(out).toContain('everyone')
  // Each row of a table has its columns, whatever stands in them.
  for (const line of out.split('\n').filter((line) => line.startsWith('| 1 '))) {
    expect(line.split('|')).toHaveLength(6)
  }
})
