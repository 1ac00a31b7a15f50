import { utf8Length } from '../../diagnostic/utf8-length.ts'
import { shown } from '../diagnostic.ts'
import { type Kind, Refusal } from '../extension.ts'

/** IPSET_MAXNAMELEN without its terminator, and IPSET_DIM_MAX. */
const LONGEST_NAME = 31
const DIMENSIONS = 6

export interface SetReference {
  readonly name: string
  /** For each part of an element, whether it is the packet's source or destination. */
  readonly directions: readonly ('src' | 'dst')[]
}

/** `NAME src|dst[,…]`. */
export const setReference: Kind<SetReference> = {
  usage: 'NAME src|dst[,…]',
  expected: `the name of a set, and for each of its parts src or dst (up to ${DIMENSIONS}), commas between`,
  examples: (family) => [
    `${family === 'ipv4' ? 's4' : 's6'} src`,
    `${family === 'ipv4' ? 's4' : 's6'} dst,src`,
  ],
  words: 2,
  read([name, list]) {
    if (name === '' || name!.startsWith('-') || utf8Length(name!) > LONGEST_NAME) {
      return new Refusal(`${shown(name!)} is no name of a set: 1 to ${LONGEST_NAME} bytes`)
    }
    const directions: ('src' | 'dst')[] = []
    for (const part of list!.split(',', DIMENSIONS + 1)) {
      // Only the first three letters count.
      const direction = part.startsWith('src') ? 'src' : part.startsWith('dst') ? 'dst' : null
      if (direction === null) return new Refusal(`${shown(part)} is neither src nor dst`, { word: 1 })
      directions.push(direction)
    }
    if (directions.length > DIMENSIONS) return new Refusal(`more than ${DIMENSIONS} parts`, { word: 1 })
    return { name: name!, directions }
  },
  print: ({ name, directions }) => `${name} ${directions.join(',')}`,
}
