import type { Action, Environment } from '../hook/environment.ts'
import { defineTarget } from '../ruleset/extension.ts'
import { toQueue } from './to-queue.ts'

export const queue = defineTarget({
  name: 'QUEUE',
  summary: 'hands the packet to the program that listens to queue 0, which decides on it',
  options: {},
  compile(_, { tracker: { table } }: Environment): Action {
    return (passage) => toQueue(passage, 0, table)
  },
})
