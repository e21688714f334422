import { tint } from 'tint';
import { box } from './box.js';
export const draw = (root, text, rule) => { root.append(box(text, tint)); root.append(rule()); };
