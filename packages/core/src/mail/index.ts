export { mailNotConfigured, mailRefused, tooManyMails } from './errors.ts'
export { checkHeaders, headerText, quotedName } from './header.ts'
export { mailTo, type Message } from './layout.ts'
