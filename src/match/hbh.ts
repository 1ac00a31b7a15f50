import type { Test } from '../hook/environment.ts'
import { HEADER_HOP_BY_HOP } from '../packet/ipv6.ts'
import { defineMatch } from '../ruleset/extension.ts'
import { headerOptions, headerOptionsTest } from './header-options.ts'

export const hbh = defineMatch({
  name: 'hbh',
  summary: 'looks at the hop-by-hop options header',
  family: 'ipv6',
  options: headerOptions('hbh'),
  compile: (options): Test => headerOptionsTest(HEADER_HOP_BY_HOP, options),
})
