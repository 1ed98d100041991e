package protocol

import (
	"errors"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// POP3 holds the keys of "source" for the protocol "pop3". What is handed over
// are the attachments of each mail. POP3 has neither folders nor marks: mails
// stay on the server, and the ledger alone knows them, unless they are deleted.
type POP3 struct {
	Server
	APOP        bool              `json:"apop,omitempty" doc:"logs in with APOP"`
	Delete      bool              `json:"delete,omitempty" doc:"deletes mails that were taken; by default they stay"`
	DeleteAfter scenario.Duration `json:"delete_after,omitzero" doc:"deletes mails that were taken once they are that old, such as 30d"`
	Rejected    string            `json:"rejected,omitempty" doc:"local directory that refused mails are copied to; by default they stay on the server"`
	Mail
	MaxSize  scenario.Size `json:"max_size,omitempty" doc:"a larger mail is set aside without being downloaded"`
	MaxMails int           `json:"max_mails,omitempty" least:"0" doc:"new mails in one pass; 0: no limit"`
	MaxBytes scenario.Size `json:"max_bytes,omitempty" doc:"bytes in one pass; 0: no limit"`
}

// Origin implements scenario.Form.
func (f *POP3) Origin(secret func(scenario.Secret) (launcher.Secret, error)) (scenario.Origin, error) {
	password, token, noSecret := f.credentials(secret)
	conf, noTLS := f.tls()
	if err := errors.Join(noSecret, noTLS); err != nil {
		return scenario.Origin{}, err
	}
	src := &pop3.Source{
		Addr: f.addr(), Security: f.security(), TLSConfig: conf,
		User: f.Account, Password: password, Token: token, APOP: f.APOP,
		Delete: f.Delete, DeleteAfter: time.Duration(f.DeleteAfter), Rejected: f.Rejected,
		MaxSize: int64(f.MaxSize), MaxMails: f.MaxMails, MaxBytes: int64(f.MaxBytes),
	}
	return scenario.Origin{Source: src, Open: f.Mail.open}, nil
}
