/** What the captures that are merged are called in front of their frame numbers. */

/**
 * The last part of each path, and as many before it as it takes to tell the captures apart: `x.pcap` of one alone,
 * `monday/x.pcap` and `friday/x.pcap`. By the names given; one that is given twice has one label.
 */
export function fileLabels(names: readonly string[]): Map<string, string> {
  const labels = new Map<string, string>()
  let pending = [...new Set(names)].map((name) => ({ name, parts: name.split('/') }))
  for (let count = 1; pending.length > 0; count++) {
    const suffixes = pending.map(({ parts }) => parts.slice(-count).join('/'))
    const seen = new Map<string, number>()
    for (const suffix of suffixes) seen.set(suffix, (seen.get(suffix) ?? 0) + 1)
    pending = pending.filter(({ name, parts }, index) => {
      const suffix = suffixes[index]!
      if (seen.get(suffix) !== 1 && count < parts.length) return true
      labels.set(name, suffix)
      return false
    })
  }
  return labels
}
