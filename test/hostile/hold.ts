/** @throws Error where something that must hold does not */
export function hold(condition: boolean, tell: () => string): void {
  if (!condition) throw new Error(tell())
}
