import type { Test } from '../hook/environment.ts'
import { HEADER_DESTINATION } from '../packet/ipv6.ts'
import { defineMatch } from '../ruleset/extension.ts'
import { headerOptions, headerOptionsTest } from './header-options.ts'

export const dst = defineMatch({
  name: 'dst',
  summary: 'looks at the destination options header',
  family: 'ipv6',
  options: headerOptions('dst'),
  compile: (options): Test => headerOptionsTest(HEADER_DESTINATION, options),
})
