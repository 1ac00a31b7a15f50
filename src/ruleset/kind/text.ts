import { cutUtf8, utf8Length } from '../../diagnostic/utf8-length.ts'
import { shown } from '../diagnostic.ts'
import { type Kind, Refusal } from '../extension.ts'
import { quote } from '../quote.ts'

const quotedExamples = ['"two words"', '"it\'s \\"q\\""']

export interface TextKind {
  readonly usage?: string
  /** Bytes. */
  readonly min?: number
  readonly max: number
  /** What is longer is cut, as iptables does, instead of refused. */
  readonly cut?: boolean
  readonly print?: 'quoted' | 'bare'
  readonly examples?: readonly string[]
}

/** Any text, counted in bytes of UTF-8. */
export function text({
  usage = 'TEXT',
  min = 0,
  max,
  cut = false,
  print = 'quoted',
  examples,
}: TextKind): Kind<string> {
  return {
    usage,
    expected: `a text of ${min} to ${max} bytes`,
    examples: () =>
      examples ?? [...(print === 'bare' ? [] : quotedExamples), 'a', 'a-b_9', 'äöü', 'x'.repeat(max)],
    words: 1,
    read([text]) {
      const length = utf8Length(text!)
      if (length < min) return new Refusal('the text is empty')
      if (length <= max) return text!
      if (cut) return cutUtf8(text!, max)
      return new Refusal(`${shown(text!)} is ${length} bytes long; ${max} are the limit`)
    },
    print: print === 'quoted' ? quote : (value) => value,
  }
}
