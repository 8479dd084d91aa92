export { mailNotConfigured, mailRefused } from './errors.ts'
export { checkHeaders, headerText } from './header.ts'
export { plainText, richText } from './layout.ts'
