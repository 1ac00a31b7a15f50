import { expect, test } from 'vitest'
import { registry } from '../../test/support/registry.ts'
import { parseRuleset } from './parser.ts'
import { retired } from './retired.ts'

const told = (rule: string, chain = '') =>
  parseRuleset(`*filter\n${chain}-A INPUT ${rule}\nCOMMIT\n`, { family: 'ipv4', registry }).diagnostics.map(
    ({ code, message, suggestion }) => ({ code, message, suggestion }),
  )

test('a match that Linux has no more: what does its work today, no other finding about its options', () => {
  expect(told('-m unclean -j DROP')).toEqual([
    {
      code: 'unknown-match',
      message:
        'the match unclean was taken out of Linux long ago: -m conntrack --ctstate INVALID and -m rpfilter are nearest',
      suggestion: null,
    },
  ])
  expect(told('-m psd --psd-weight-threshold 21 --psd-delay-threshold 300 -j DROP')).toHaveLength(1)
  expect(told('-p tcp -m random --average 50 --dport 80 -j ACCEPT')).toHaveLength(1)
})

test('a target that Linux has no more', () => {
  expect(told('-j MIRROR')[0]).toMatchObject({ code: 'unknown-target', suggestion: null })
  expect(told('-j ROUTE --gw 10.0.0.1')).toHaveLength(1)
  expect(told('-j TARPIT', ':TARPIT - [0:0]\n'), 'a chain of that name').toEqual([])
})

test('a target of the other family', () => {
  expect(told('-j SNPT --src-pfx fd00::/64 --dst-pfx fd01::/64')).toEqual([
    { code: 'wrong-family', message: 'the target SNPT is for ip6tables', suggestion: null },
  ])
})

test('nothing that can be read is called retired', () => {
  for (const { type, name, aliases = [] } of registry.extensions) {
    for (const one of [name, ...aliases]) expect(retired(type, one), one).toBeNull()
  }
})
