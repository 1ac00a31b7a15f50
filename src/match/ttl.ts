import type { Test } from '../hook/environment.ts'
import { defineMatch } from '../ruleset/extension.ts'
import { hopOptions, hopTest } from './hop-options.ts'

export const ttl = defineMatch({
  name: 'ttl',
  summary: 'compares the time to live',
  family: 'ipv4',
  oneOf: [['eq', 'lt', 'gt']],
  options: hopOptions(['--ttl-eq', '--ttl'], '--ttl-lt', '--ttl-gt'),
  compile: (options): Test => hopTest(options),
})
