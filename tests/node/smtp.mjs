// A real SMTP server (smtp-server): node smtp.mjs PORT. Each mail taken is printed as one line of JSON.
import { SMTPServer } from 'smtp-server';

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  logger: false,
  onData(stream, session, done) {
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (part) => { text += part; });
    stream.on('end', () => {
      const to = session.envelope.rcptTo.map((r) => r.address);
      console.log(JSON.stringify({ to, text }));
      done();
    });
  },
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
