import { expect, test } from 'vitest'
import { HashSet } from './hash-set.ts'
import type { ListSet } from './list-set.ts'
import { formatSetProblem, readSets } from './reader.ts'
import { Sets } from './sets.ts'

function read(text: string): { sets: Sets; problems: string[] } {
  const sets = new Sets()
  const problems = readSets(text, 'f', sets).map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  )
  return { sets, problems }
}
const sizes = (sets: Sets) =>
  sets.all().map((set) => (set instanceof HashSet ? set.elements.size : (set as ListSet).members.length))

test('a saved file is read', () => {
  const { sets, problems } = read(`# comment
create a hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x2b7a
add a 10.0.0.1
add a 10.0.0.8/30
add a 10.0.1.1-10.0.1.3
create b hash:net,port family inet6 timeout 60 counters comment
add b 2001:db8::/32,tcp:80 timeout 5 packets 1 bytes 2 comment "a b"
create c bitmap:port range 50-90
add c 60-62
create l list:set size 8
add l a
add l b
add l c before b
`)
  expect(problems).toEqual([])
  expect(sizes(sets)).toEqual([8, 1, 3, 3])
  expect((sets.get('l') as ListSet).members.map(({ name }) => name)).toEqual(['a', 'c', 'b'])
})

test('del, flush and destroy', () => {
  const { sets, problems } = read(
    'create a hash:ip\nadd a 10.0.0.0/30\nadd a 10.0.0.1\ndel a 10.0.0.2\ncreate b hash:ip\nadd b 1.1.1.1\nflush b\ncreate c hash:ip\ndestroy c\n',
  )
  expect(problems).toEqual(
    ['2:7 the address 0.0.0.0 cannot stand in a set']
      .slice(1)
      .concat('3:7 the element is in the set already'),
  )
  expect(sizes(sets)).toEqual([3, 0])
})

test.each([
  ['crate a hash:ip', '1:1 "crate" is no command of a file of sets'],
  ['create a hash:op', '1:10 "hash:op" is no type of set'],
  ['create a hash:ip\ncreate a hash:ip', '2:8 there is a set "a" already'],
  ['add a 1.1.1.1', '1:5 there is no set "a"'],
  ['create a hash:ip\nadd a 1.1.1.300', '2:7 "1.1.1.300" is no IPv4 address'],
  [
    'create a hash:ip\nadd a 1.1.1.1 timeout 5',
    '2:15 "timeout" cannot stand here: no such option, or the set was made without it',
  ],
  ['create a hash:ip,port\nadd a 1.1.1.1,tcp:70000', '2:7 "70000" is no port from 0 to 65535'],
  ['create a hash:net\nadd a 0.0.0.0/0', '2:7 a prefix of 0 cannot stand in this type of set'],
  ['create a hash:ip maxelem 1\nadd a 1.1.1.1\nadd a 1.1.1.2', '3:7 the set is full'],
  ['create a bitmap:port', '1:10 the range of the set is missing'],
  ['create a hash:ip comment\nadd a 1.1.1.1 comment "x', '2:23 the quote is not closed'],
  ['create a hash:ip\ncreate l list:set\nadd l a\ndestroy a', '4:9 the set is in use by "l"'],
])('%j is refused', (text, problem) => {
  expect(read(text).problems).toEqual([problem])
})

test('a mistake is shown with its line', () => {
  const text = 'create web hash:ip\nadd wep 10.0.0.1\n'
  const [problem] = readSets(text, 'sets', new Sets())
  expect(formatSetProblem(problem!, text)).toBe(
    [
      'sets:2:5  error',
      '  2 | add wep 10.0.0.1',
      '    |     ^^^',
      '  there is no set "wep"; did you mean web?',
    ].join('\n'),
  )
})

test.each([
  ['create a hash:mac', 'holds Ethernet addresses, which are not read here'],
  ['create a hash:ip,mac family inet hashsize 1024', 'holds Ethernet addresses, which are not read here'],
  ['create a bitmap:ip,mac range 10.0.0.0/24', 'holds Ethernet addresses, which are not read here'],
  ['create a hash:net,iface', 'holds interfaces, which are not read here'],
  ['create a hash:net,net', 'holds two networks, which are not read here'],
  ['create a hash:net,port,net', 'holds two networks, which are not read here'],
  ['create a hash:ip,mark markmask 0xff', 'holds marks of packets, which are not read here'],
  ['create a hash:ip bitmask 255.255.0.0', 'has a bitmask, which is not read here'],
])('%j: a warning, and no rule can ask the set', (line, unread) => {
  const text = `${line}\nadd a what-ever\ndel a what-ever\nflush a\ncreate b hash:ip\nadd b 10.0.0.1\ncreate l list:set\nadd l b\n`
  const sets = new Sets()
  const problems = readSets(`${text}add l a\n`, 'f', sets)
  expect(problems.map(({ severity, line, message }) => `${severity} ${line} ${message}`)).toEqual([
    `warning 1 the set ${unread}: no rule can ask it`,
  ])
  expect(sets.all().map((set) => set.unread)).toEqual([unread, null, `holds the set "a", which ${unread}`])
})
