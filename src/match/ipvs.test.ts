/** The kernel of most machines lacks it, so that no rule of it loads: the texts are what iptables 1.8.9 made of its own. */
import { expect, test } from 'vitest'
import { canonicalRules } from '../../test/support/canonical-rules.ts'

test.each([
  ['--ipvs', '--ipvs'],
  ['! --ipvs', '! --ipvs'],
  ['--ipvs --vport 5', '--vport 5'],
  ['--vproto tcp', '--vproto 6'],
  ['! --vproto 6', '! --vproto 6'],
  ['--vproto all', '--vproto 0'],
  [
    '--vportctl ftp --vmethod masq --vdir reply --vport http --vaddr 10.0.0.1/8 --vproto 47',
    '--vproto 47 --vaddr 10.0.0.1/8 --vport 80 --vdir REPLY --vmethod MASQ --vportctl 21',
  ],
  ['! --vaddr 10.0.0.1/32 ! --vmethod GATE', '! --vaddr 10.0.0.1 ! --vmethod GATE'],
  ['--vaddr 10.0.0.1/255.0.255.0', '--vaddr 10.0.0.1'],
  ['--vaddr 0.0.0.0/0', '--vaddr 0.0.0.0/0'],
])('%s is printed as %s', (options, printed) => {
  expect(canonicalRules(`-A INPUT -m ipvs ${options}`)).toEqual([`-A INPUT -m ipvs ${printed}`])
})

test.each(['', '--vport 5 ! --ipvs', '--vport 80:90', '! --vdir ORIGINAL', '--vproto foo', '--ipvs --ipvs'])(
  '"%s" is refused',
  (options) => {
    expect(canonicalRules(`-A INPUT -m ipvs ${options}`)).toBe('refused')
  },
)
