/** Every match and target there is, as one registry: what rules are read and printed with. */
import { matches } from '../match/index.ts'
import { Registry } from '../ruleset/registry.ts'
import { targets } from '../target/index.ts'

export const extensions = new Registry([...matches, ...targets])
