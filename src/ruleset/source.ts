/** The text of a file without what only disturbs: a byte order mark, and carriage returns in front of line feeds. */

export interface Source {
  readonly text: string
  /** Where a place in `text` stood in the file; `end`: of the end of a part rather than its beginning. */
  original(position: number, end?: boolean): number
  readonly hasMark: boolean
  /** How many lines ended in CR LF. */
  readonly returns: number
}

export function readSource(file: string): Source {
  const hasMark = file.startsWith('\ufeff')
  const shift = hasMark ? 1 : 0
  if (!file.includes('\r\n')) {
    return {
      text: hasMark ? file.slice(1) : file,
      original: (position) => position + shift,
      hasMark,
      returns: 0,
    }
  }
  const parts = file.slice(shift).split('\r\n')
  // Where in the text each carriage return stood: in front of a line feed.
  const removed: number[] = []
  let at = 0
  for (let i = 0; i < parts.length - 1; i++) {
    at += parts[i]!.length
    removed.push(at)
    at++
  }
  const original = (position: number, end = false) => {
    let low = 0
    let high = removed.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (removed[middle]! < position || (!end && removed[middle]! === position)) low = middle + 1
      else high = middle
    }
    return position + low + shift
  }
  return { text: parts.join('\n'), original, hasMark, returns: removed.length }
}
