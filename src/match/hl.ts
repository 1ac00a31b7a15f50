import type { Test } from '../hook/environment.ts'
import { defineMatch } from '../ruleset/extension.ts'
import { hopOptions, hopTest } from './hop-options.ts'

export const hl = defineMatch({
  name: 'hl',
  summary: 'compares the hop limit',
  family: 'ipv6',
  oneOf: [['eq', 'lt', 'gt']],
  options: hopOptions(['--hl-eq', '--hl'], '--hl-lt', '--hl-gt'),
  compile: (options): Test => hopTest(options),
})
