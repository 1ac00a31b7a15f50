import type { Action } from '../hook/environment.ts'
import { VERDICT_QUEUE } from '../hook/hook.ts'
import { defineTarget } from '../ruleset/extension.ts'

export const queue = defineTarget({
  name: 'QUEUE',
  summary: 'hands the packet to the program that listens to queue 0, which decides on it',
  options: {},
  compile(): Action {
    return (passage) => {
      passage.queue = 0
      return VERDICT_QUEUE
    }
  },
})
