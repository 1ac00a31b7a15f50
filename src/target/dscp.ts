import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { setTos } from '../packet/rewrite.ts'
import { defineTarget, option, shorthand } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { number } from '../ruleset/kind/number.ts'

/** In RFC 2474, 2597 and 3246; BE is what has no class. */
const classes: Readonly<Record<string, number>> = {
  CS0: 0x00,
  CS1: 0x08,
  CS2: 0x10,
  CS3: 0x18,
  CS4: 0x20,
  CS5: 0x28,
  CS6: 0x30,
  CS7: 0x38,
  BE: 0x00,
  AF11: 0x0a,
  AF12: 0x0c,
  AF13: 0x0e,
  AF21: 0x12,
  AF22: 0x14,
  AF23: 0x16,
  AF31: 0x1a,
  AF32: 0x1c,
  AF33: 0x1e,
  AF41: 0x22,
  AF42: 0x24,
  AF43: 0x26,
  EF: 0x2e,
}

export const dscp = defineTarget({
  name: 'DSCP',
  summary: 'changes the differentiated services code point of the packet',
  tables: ['mangle'],
  oneOf: [['set']],
  options: {
    set: option(number({ max: 63, base: 16, digits: 2 }), {
      names: ['--set-dscp'],
      summary: 'the code point',
      excludes: ['class'],
    }),
  },
  shorthands: {
    class: shorthand(choice({ usage: 'CLASS', names: Object.keys(classes), caseless: true }), {
      names: ['--set-dscp-class'],
      summary: 'the code point of a class',
      stands: (name) => ({ set: { value: classes[name]!, inverted: false } }),
    }),
  },
  compile({ set }): Action {
    const wanted = set!.value << 2
    return (passage) => {
      const { tos } = passage.packet
      if ((tos & 0xfc) !== wanted) setTos(passage.writable(), wanted | (tos & 3))
      return VERDICT_CONTINUE
    }
  },
})
