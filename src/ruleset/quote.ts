/** How iptables-save writes words that a restore file reads back (xtables_save_string). */

const bare = /^[A-Za-z0-9_-]+$/

/** Bare if it is made of letters, digits, `_` and `-`; else in double quotes. */
export function quote(text: string): string {
  return bare.test(text) ? text : `"${text.replace(/["\\']/g, '\\$&')}"`
}
