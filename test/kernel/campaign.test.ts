import { expect, test } from 'vitest'
import { type CampaignResult, type Failure, isClean } from './campaign.ts'
import { Coverage } from './coverage.ts'

const clean: CampaignResult = {
  cases: 1,
  packets: 9,
  failures: [],
  unsteady: [],
  slow: 1,
  lost: 0,
  coverage: new Coverage(),
}
const failure: Failure = {
  seed: 1,
  kind: 'udp',
  difference: { what: 'ctstate', kernel: 'NEW', engine: 'INVALID' },
  text: '',
}

test.for([
  ['nothing', {}, true],
  ['a difference', { failures: [failure] }, false],
  ['a difference that was gone the next time', { unsteady: [failure] }, false],
  ['an entry that nobody made', { lost: 1 }, false],
  ['no packet at all', { packets: 0 }, false],
] as const)('a run with %s is clean: %s', ([, found, isIt]) => {
  expect(isClean({ ...clean, ...found })).toBe(isIt)
})

test('what is left out on purpose is part of the report', () => {
  const report = new Coverage().report()
  expect(report).toContain('left out on purpose:\n  IPv4 total length 0: ')
  expect(report).toContain('  cells of state NONE in direction REPLY: ')
})
