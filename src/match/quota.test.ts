import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'

const out = {
  source: '10.0.1.2',
  destination: '192.0.2.9',
  udp: { sourcePort: 1000, destinationPort: 53, payload: new Uint8Array(72) },
}
const verdicts = (options: string, ...lengths: number[]) => {
  const bench = new RuleBench({ rules: `-A FORWARD -m quota ${options} -j ACCEPT\n-A FORWARD -j DROP` })
  return lengths.map((length) => {
    const udp = { sourcePort: 1, destinationPort: 2, payload: new Uint8Array(length - 28) }
    return bench.send({ ...out, udp }).verdict === 'ACCEPT'
  })
}

test('bytes of IP until the quota is used up; a packet too large ends it', () => {
  expect(verdicts('--quota 500', 128, 128, 128, 128, 28)).toEqual([true, true, true, false, false])
  expect(verdicts('--quota 256', 128, 128, 28)).toEqual([true, true, false])
  expect(verdicts('--quota 256', 128, 300, 28)).toEqual([true, false, false])
  expect(verdicts('! --quota 128', 128, 28, 28)).toEqual([false, true, true])
  expect(verdicts('--quota 18446744073709551615', 1000, 1000)).toEqual([true, true])
})
