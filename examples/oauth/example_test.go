package oauth_test

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/oauth2/google"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/imap"
)

func accessToken(t *oauth2.Token) string { return t.AccessToken }

// Microsoft 365, for a program without a user.
func Example_microsoft365() {
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: time.Minute})
	config := &clientcredentials.Config{
		ClientID: "…", ClientSecret: "…",
		TokenURL: "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token",
		Scopes:   []string{"https://outlook.office365.com/.default"},
	}
	tokens := config.TokenSource(ctx)
	_ = &imap.Source{
		Addr: "outlook.office365.com", User: "cold@example.org",
		Token: launcher.SecretFrom(tokens.Token, accessToken),
	}
}

// Gmail, with a refresh token that its user has once agreed to.
func Example_gmail() {
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: time.Minute})
	config := &oauth2.Config{
		ClientID: "…", ClientSecret: "…", Endpoint: google.Endpoint,
		Scopes: []string{"https://mail.google.com/"},
	}
	tokens := config.TokenSource(ctx, &oauth2.Token{RefreshToken: "…"})
	_ = &imap.Source{
		Addr: "imap.gmail.com", User: "cold@example.org",
		Token: launcher.SecretFrom(tokens.Token, accessToken),
	}
}
