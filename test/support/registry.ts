import { matches } from '../../src/match/index.ts'
import { Registry } from '../../src/ruleset/registry.ts'
import { targets } from '../../src/target/index.ts'

/** Every extension there is. */
export const registry = new Registry([...matches, ...targets])
