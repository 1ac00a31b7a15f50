import type { Environment, Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { bits } from '../ruleset/kind/bits.ts'
import { isJudged, isRaw, stateOf } from './connection.ts'
import { stateNames } from './state-names.ts'

export const state = defineMatch({
  name: 'state',
  summary: 'looks at the connection state; the older form of conntrack --ctstate',
  options: {
    state: option(
      bits({ usage: 'STATE[,…]', names: stateNames.slice(0, 5), caseless: true, shortened: true }),
      {
        names: ['--state'],
        summary: 'the state is one of these',
        invertible: true,
        required: true,
      },
    ),
  },
  isOfFlow: () => true,
  compile({ state: { value: states, inverted } }, environment: Environment): Test {
    const raw = isRaw(environment)
    return (passage) => isJudged(passage, raw) && ((states & stateOf(passage, raw)) !== 0) !== inverted
  },
})
