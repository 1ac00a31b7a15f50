import { defineTarget } from '../ruleset/extension.ts'

export const queue = defineTarget({
  name: 'QUEUE',
  summary: 'hands the packet to the program that listens to queue 0, which decides on it',
  options: {},
})
