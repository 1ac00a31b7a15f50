import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileLabels } from './file-label.ts'

test.each([
  [
    ['day/a.pcap', 'day/b.pcap'],
    ['a.pcap', 'b.pcap'],
  ],
  [
    ['d1/x.pcap', 'd2/x.pcap', 'd2/y.pcap'],
    ['d1/x.pcap', 'd2/x.pcap', 'y.pcap'],
  ],
  [
    ['a/in/x', 'b/in/x', 'b/out/x'],
    ['a/in/x', 'b/in/x', 'out/x'],
  ],
  [
    ['x', 'd/x', '/x', './x'],
    ['x', 'd/x', '/x', './x'],
  ],
  [
    ['-', 'd/x'],
    ['-', 'x'],
  ],
])('%j: as short as tells them apart', (names, labels) => {
  const found = fileLabels(names)
  expect(names.map((name) => found.get(name))).toEqual(labels)
})

test('any names: each label ends its name, and none is that of another', () => {
  const name = fc.array(fc.constantFrom('a', 'b', '', '.'), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.array(name), (paths) => {
      const names = paths.map((parts) => parts.join('/'))
      const labels = fileLabels(names)
      expect([...labels.keys()].sort()).toEqual([...new Set(names)].sort())
      expect(new Set(labels.values()).size).toBe(labels.size)
      for (const [path, label] of labels) expect(path.endsWith(label)).toBe(true)
    }),
  )
})
