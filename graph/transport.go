package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kelisim/kelisim/vault"
)

// Transport answers GraphQL over HTTP: one operation per POST of JSON, and by
// GET what is asked about the schema. No part of a request body is ever repeated in an error. It
// leaves authentication, CORS and request ids to the handlers around it.
type Transport struct {
	limits  Limits // of these BodyBytes, Errors and Timeout are enforced here
	scrub   scrubber
	trusted *Documents // nil: hashes are not known here, and every document is answered
}

var _ graphql.Transport = Transport{}

// NewTransport makes a transport. Limits.Apply does so for a server.
func NewTransport(limits Limits, trusted *Documents) Transport {
	return Transport{limits: limits, scrub: newScrubber(limits), trusted: trusted}
}

// Supports is true for every request, so that what is not supported is refused
// here, with its proper status, and not by gqlgen with a bare 400.
func (t Transport) Supports(*http.Request) bool { return true }

// Do implements graphql.Transport.
func (t Transport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	ctx, meta := WithMeta(r.Context())
	a := answer{w: w, media: negotiate(r.Header.Values("Accept")), meta: meta, limits: t.limits}
	a.head()

	params, refused := t.read(w, r, a.media)
	known := false
	if refused == accepted {
		known, refused = t.trusted.admit(ctx, params)
	}
	if refused != accepted {
		a.refuse(ctx, exec, refused)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, t.limits.Timeout)
	defer cancel()
	op, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		a.write(exec.DispatchError(graphql.WithOperationContext(ctx, op), t.scrub.list(errs)))
		return
	}
	if r.Method == http.MethodGet && !ofSchema(op) {
		a.refuse(ctx, exec, refuseMethod)
		return
	}
	if !known {
		t.trusted.report(ctx, op)
	}
	handle, ctx := exec.DispatchOperation(ctx, op)
	response := handle(ctx)
	switch {
	case response != nil && (hasData(response.Data) || ctx.Err() == nil):
		a.write(response)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		a.refuse(ctx, exec, refuseTimeout)
	default: // nobody waits any more; gqlgen would answer 200 and null
		a.refuse(ctx, exec, refuseGone)
	}
}

// read takes the operation out of a request, or says why not.
func (t Transport) read(w http.ResponseWriter, r *http.Request, media string) (*graphql.RawParams, refusal) {
	start := graphql.Now()
	from := t.readBody
	if r.Method == http.MethodGet {
		from = readURL
	}
	params, refused := from(w, r, media)
	if refused != accepted {
		return nil, refused
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, accepted
}

func (t Transport) readBody(w http.ResponseWriter, r *http.Request, media string) (*graphql.RawParams, refusal) {
	if refused := checkHeaders(r, media); refused != accepted {
		return nil, refused
	}
	if r.ContentLength > t.limits.BodyBytes {
		return nil, refuseSize
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, t.limits.BodyBytes))
	if err != nil {
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			return nil, refuseSize
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, refuseSlow
		}
		return nil, refuseRead
	}
	return decode(body)
}

// checkHeaders refuses what is not a POST of plain JSON that wants JSON back.
func checkHeaders(r *http.Request, media string) refusal {
	if r.Method != http.MethodPost {
		return refuseMethod
	}
	types := r.Header.Values("Content-Type")
	if len(types) != 1 {
		return refuseMedia
	}
	sent, params, err := mime.ParseMediaType(types[0])
	if err != nil || sent != mediaJSON || !utf8Charset(params) {
		return refuseMedia
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return refuseEncoding
	}
	if media == "" {
		return refuseAccept
	}
	return accepted
}

// answer writes the one answer to a request.
type answer struct {
	w      http.ResponseWriter
	media  string // "" when the client accepts none
	meta   *Meta
	limits Limits
}

// head sets the headers of every answer. They stand before anything is done,
// so that the answer to a panic has them too.
func (a answer) head() {
	h := a.w.Header()
	contentType := a.media
	if contentType == "" {
		contentType = mediaJSON
	}
	h.Set("Content-Type", contentType+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept, Accept-Language, Authorization")
}

// refuse answers a request that had no execution. The error still passes the
// executor, so that the presenter and the interceptors see every answer; they
// find an operation context without an operation, as with a parse error.
func (a answer) refuse(ctx context.Context, exec graphql.GraphExecutor, r refusal) {
	if r.status() == http.StatusMethodNotAllowed {
		a.w.Header().Set("Allow", "GET, POST")
	}
	if !graphql.HasOperationContext(ctx) {
		ctx = graphql.WithOperationContext(ctx, new(graphql.OperationContext))
	}
	response := exec.DispatchError(ctx, gqlerror.List{r.error(a.limits)})
	a.send(r.status(), response)
}

// write answers what the executor gave. An answer that says nothing at all is
// a fault of ours.
func (a answer) write(response *graphql.Response) {
	if response == nil || (len(response.Data) == 0 && len(response.Errors) == 0) {
		response = &graphql.Response{Errors: gqlerror.List{refuseAnswer.error(a.limits)}}
	}
	status := statusOf(a.media, response.Data, response.Errors, a.meta.refused())
	if status != http.StatusOK {
		response.Data = nil // the request was refused as a whole
	}
	a.send(status, response)
}

// body is a GraphQL answer. Unlike gqlgen's it has no "data" when nothing was
// executed.
type body struct {
	Errors     gqlerror.List   `json:"errors,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Extensions map[string]any  `json:"extensions,omitempty"`
}

func (a answer) send(status int, response *graphql.Response) {
	var buf bytes.Buffer
	out := json.NewEncoder(&buf)
	out.SetEscapeHTML(false)
	errs, extensions := response.Errors, response.Extensions
	if over := len(errs) - a.limits.Errors; over > 0 {
		errs = errs[:a.limits.Errors]
		extensions = maps.Clone(extensions)
		if extensions == nil {
			extensions = map[string]any{}
		}
		extensions["errorsLeftOut"] = over
	}
	err := out.Encode(body{Errors: errs, Data: response.Data, Extensions: extensions})
	if err != nil { // a marshaler of ours is wrong; what it wrote is not shown
		buf.Reset()
		status = refuseAnswer.status()
		if err := out.Encode(body{Errors: gqlerror.List{refuseAnswer.error(a.limits)}}); err != nil {
			panic(err) // fixed text always encodes
		}
	}
	if status == http.StatusUnauthorized && a.w.Header().Get("WWW-Authenticate") == "" {
		a.w.Header().Set("WWW-Authenticate", "Bearer")
	}
	a.meta.write(a.w.Header(), status)
	a.w.Header().Set("Content-Length", strconv.Itoa(buf.Len()))
	a.w.WriteHeader(status)
	_, _ = a.w.Write(buf.Bytes()) // a client that is gone has no use for an error
}

// newError is an error of ours in GraphQL's shape: the code for clients, the
// error itself for the presenter.
func newError(err *vault.Error) *gqlerror.Error {
	return &gqlerror.Error{
		Err:        err,
		Message:    err.Message,
		Extensions: map[string]any{"code": string(err.Code)},
	}
}
