/** Every match and target there is, as one registry: what rules are read and printed with. */
import { matches } from '../match/index.ts'
import { Registry } from '../ruleset/registry.ts'
import { targets } from '../target/index.ts'

/** All matches and targets by name and family: `parseRuleset` reads with them. */
export const extensions = new Registry([...matches, ...targets])
